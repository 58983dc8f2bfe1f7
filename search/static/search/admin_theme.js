// One theme for the site and the admin, whose own switch keeps it under another name.
(() => {
  const root = document.documentElement;

  const isKept = (theme) => theme === "light" || theme === "dark";

  const chosen = localStorage.getItem("theme");
  localStorage.setItem("adminTheme", JSON.stringify(isKept(chosen) ? chosen : "auto"));

  const follow = () => {
    const theme = JSON.parse(localStorage.getItem("adminTheme") ?? '"auto"');
    if (isKept(theme)) localStorage.setItem("theme", theme);
    else localStorage.removeItem("theme");
    root.dataset.theme = root.classList.contains("dark") ? "dark" : "light";
  };

  new MutationObserver(follow).observe(root, { attributeFilter: ["class"] });
})();
