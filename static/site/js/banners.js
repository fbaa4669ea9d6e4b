// Dismissed banners are remembered by the browser in a cookie, so that the next page comes without them.
const NAME = "era_banners";
const KEPT = 50;

function dismissed() {
  const found = document.cookie.split("; ").find((part) => part.startsWith(`${NAME}=`));
  return found ? found.slice(NAME.length + 1).split(".").filter(Boolean) : [];
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-dismiss-banner]");
  if (!button) {
    return;
  }
  const ids = [...dismissed(), button.dataset.dismissBanner].slice(-KEPT);
  const secure = location.protocol === "https:" ? "; Secure" : "";
  document.cookie = `${NAME}=${ids.join(".")}; path=/; max-age=7776000; SameSite=Lax${secure}`;
  button.closest("[data-banner]").remove();
});
