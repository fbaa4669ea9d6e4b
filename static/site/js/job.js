// A job's page: when the job starts, the page gets its terminal.
const live = document.getElementById("job-live");

document.body.addEventListener("htmx:afterRequest", (event) => {
  // What came is the whole page; it has a terminal from the moment the job has begun.
  if (event.detail.elt === live && live.dataset.hasLog === "no" && event.detail.xhr.responseText.includes('id="terminal"')) {
    location.reload();
  }
});
