// Rows of fields that can be added to a form and taken out of it again.

/** `<name>-add` adds the template `<row>` to `<name>`; `data-remove-row` takes the row of the same class out. */
export function followRows(name, row) {
  const rows = document.getElementById(name);
  const add = document.getElementById(`${name}-add`);
  add.addEventListener("click", () => {
    rows.append(document.getElementById(row).content.cloneNode(true));
    rows.lastElementChild.querySelector("input").focus();
  });
  rows.addEventListener("click", (event) => {
    if (event.target.closest("[data-remove-row]")) {
      event.target.closest(`.${row}`).remove();
      add.focus();
      rows.dispatchEvent(new Event("input", { bubbles: true }));
    }
  });
}
