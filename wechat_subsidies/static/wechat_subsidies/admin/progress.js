"use strict";
// Posts the form «Continue sending» until there is nothing left to send now. Without this script
// the button does the same, one press a slice.
(() => {
    const form = document.getElementById("subsidies-continue");
    if (!form) {
        return;
    }
    const PAUSE = 2000; // milliseconds, between two looks at how far it is, and while nothing moves
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

    const pause = () => new Promise((resolve) => setTimeout(resolve, PAUSE));

    const update = (progress) => {
        document.getElementById("subsidies-bar").value = progress.done;
        document.getElementById("subsidies-done").textContent = progress.done;
        for (const count of document.querySelectorAll("[data-count]")) {
            count.textContent = progress.counts[count.dataset.count];
        }
        document.getElementById("subsidies-pace").textContent = progress.pace;
    };

    // The figures and the rows of this page as they are by now: a slice may take twenty seconds.
    const look = async () => {
        const response = await fetch(window.location.href, {redirect: "error"});
        const page = new DOMParser().parseFromString(await response.text(), "text/html");
        if (!page.getElementById("subsidies-bar")) {
            return;
        }
        const counts = page.querySelectorAll("[data-count]");
        update({
            done: page.getElementById("subsidies-bar").value,
            pace: page.getElementById("subsidies-pace").textContent,
            counts: Object.fromEntries([...counts].map((each) => [each.dataset.count, each.textContent])),
        });
        showRows(page.getElementById("subsidies-items"));
    };

    // Not while somebody is at work in them.
    const showRows = (rows) => {
        const shown = document.getElementById("subsidies-items");
        if (shown.contains(document.activeElement)) {
            return;
        }
        const scrolled = shown.querySelector(".subsidies-scroll")?.scrollLeft ?? 0;
        shown.replaceWith(document.adoptNode(rows));
        rows.querySelector(".subsidies-scroll")?.scrollTo(scrolled, 0);
    };

    let isOver = false;
    const keepLooking = async () => {
        while (!isOver) {
            await pause();
            if (!isOver) {
                await look().catch(() => {}); // the slices say if the server is gone
            }
        }
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
            if (unmoved >= (progress.worked ? PATIENCE : LONG_PATIENCE)) {
                show("subsidies-stuck");
                return;
            }
            if (unmoved || !progress.worked) {
                await pause();
            }
        }
    };

    show("subsidies-sending");
    keepLooking();
    run()
        .catch(() => show("subsidies-unreachable"))
        .finally(() => {
            isOver = true;
        });
})();
