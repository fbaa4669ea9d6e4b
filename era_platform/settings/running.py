"""Before any other setting: the data folder, and where the servers are that `manage.py up` runs on it."""

from era_platform.embedded.addresses import recall_addresses
from era_platform.embedded.errors import said_in_one_line
from era_platform.embedded.folder import check_folder, data_folder

folder = data_folder()
if not (folder / "secret_key").exists():
    # The first start: the settings themselves are about to write there.
    with said_in_one_line():
        check_folder(folder)
recall_addresses(folder)
