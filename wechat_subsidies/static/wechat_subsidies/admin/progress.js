"use strict";
// Posts the form «Continue sending» until there is nothing left to send now. Without this script
// the button does the same, one press a slice.
(() => {
    const form = document.getElementById("subsidies-continue");
    if (!form) {
        return;
    }
    const PAUSE = 2000; // milliseconds, while somebody else works on the batch or nothing moves
    const PATIENCE = 3; // slices of ours in which nothing moves
    const LONG_PATIENCE = 30; // pauses while somebody else holds the batch

    const show = (id) => {
        document.getElementById("subsidies-sending").classList.add("hidden");
        document.getElementById(id).classList.remove("hidden");
    };

    const slice = async () => {
        const response = await fetch(form.action, {
            method: "POST",
            headers: {Accept: "application/json"},
            body: new FormData(form),
            redirect: "error", // to the login page, once the session is over
        });
        if (!response.ok) {
            throw new Error(`HTTP ${response.status}`);
        }
        return response.json();
    };

    const update = (progress) => {
        document.getElementById("subsidies-bar").value = progress.done;
        document.getElementById("subsidies-done").textContent = progress.done;
        for (const count of document.querySelectorAll("[data-count]")) {
            count.textContent = progress.counts[count.dataset.count];
        }
        document.getElementById("subsidies-pace").textContent = progress.pace;
    };

    // The rows of this page as they are by now, unless somebody is at work in them.
    const refreshRows = async () => {
        const shown = document.getElementById("subsidies-items");
        const response = await fetch(window.location.href);
        const page = new DOMParser().parseFromString(await response.text(), "text/html");
        const rows = page.getElementById("subsidies-items");
        if (!rows || shown.contains(document.activeElement)) {
            return;
        }
        const scrolled = shown.querySelector(".subsidies-scroll")?.scrollLeft ?? 0;
        shown.replaceWith(document.adoptNode(rows));
        rows.querySelector(".subsidies-scroll")?.scrollTo(scrolled, 0);
    };

    const run = async () => {
        let before = "";
        let unmoved = 0;
        for (;;) {
            const progress = await slice();
            update(progress);
            if (!progress.due) {
                window.location.reload();
                return;
            }
            const now = JSON.stringify([progress.counts, progress.due]);
            unmoved = now === before ? unmoved + 1 : 0;
            before = now;
            if (!unmoved) {
                await refreshRows();
            }
            if (unmoved >= (progress.worked ? PATIENCE : LONG_PATIENCE)) {
                show("subsidies-stuck");
                return;
            }
            if (unmoved || !progress.worked) {
                await new Promise((resolve) => setTimeout(resolve, PAUSE));
            }
        }
    };

    show("subsidies-sending");
    run().catch(() => show("subsidies-unreachable"));
})();
