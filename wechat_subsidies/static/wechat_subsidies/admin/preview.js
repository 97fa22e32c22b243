"use strict";
// Says how many characters the description has, as they are typed: WeChat Pay takes 80.
(() => {
    const field = document.getElementById("id_description");
    const shown = document.getElementById("subsidies-length");
    if (!field || !shown) {
        return;
    }
    const update = () => {
        const length = [...field.value].length; // characters, as the server counts them
        shown.textContent = `${length} / ${field.maxLength}`;
    };
    field.addEventListener("input", update);
    update();
})();
