// Sets the theme before anything is painted: the remembered choice, or what the system asks for.
// A classic script on purpose: a module would run after the first paint.
(() => {
  const system = matchMedia("(prefers-color-scheme: dark)");
  const root = document.documentElement;
  const choice = () => {
    try {
      return localStorage.getItem("era-theme") || "auto";
    } catch {
      return "auto";
    }
  };
  const apply = () => {
    const chosen = choice();
    root.dataset.themeChoice = chosen;
    root.dataset.bsTheme = chosen === "auto" ? (system.matches ? "dark" : "light") : chosen;
    dispatchEvent(new Event("era:theme"));
  };
  apply();
  system.addEventListener("change", apply);
  addEventListener("storage", apply);
  addEventListener("era:choose-theme", (event) => {
    try {
      localStorage.setItem("era-theme", event.detail);
    } catch {
      /* private windows may refuse: the choice then lasts for this page */
    }
    apply();
  });
})();
