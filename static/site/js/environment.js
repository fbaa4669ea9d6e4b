// The rows of a form in which variables of the environment are given.
export function followEnvironment() {
  const rows = document.getElementById("env");
  document.getElementById("env-add").addEventListener("click", () => {
    rows.append(document.getElementById("env-row").content.cloneNode(true));
    rows.lastElementChild.querySelector("input").focus();
  });
  rows.addEventListener("click", (event) => {
    if (event.target.closest("[data-env-remove]")) {
      event.target.closest(".env-row").remove();
      document.getElementById("env-add").focus();
    }
  });
}
