"""Who may do what with whose dataset, on every way in: one table, that tests/datasets/test_tenant_matrix.py tries.

A row is a verb on a channel. Its five words are for a dataset that is private, shared, or public, for a draft (of a
dataset that is public, so that only the draft itself is not to be seen) and for one that was deleted. The letters of a
word stand for seven people:

    anonymous · one of another organization · a viewer and a member of an organization that all of these datasets were
    granted to · a viewer, a member and an owner of the organization that they belong to

and say what comes of it:

    y   may, and finds it
    n   finds nothing: the answer is that for what never was (404), or it is not among what is listed
    u   is asked to sign in (401, or the page for that)
    f   may not (403): sees it, and either it is another organization's or the role is too low
    c   could, but not in this state (409): a published version is not changed, a draft is not deleted as a version
    r   the request is refused (400) in the words for what never was

Channels: `api` and `page` are addresses of the URLconf, `socket` the operations of ws/v1/transfer, `mount` a job that
really runs. An address, a method or an operation of datasets that has no row fails a test.
"""

from typing import NamedTuple

ROLES = ("anonymous", "outsider", "granted viewer", "granted member", "viewer", "member", "owner")
STATES = ("private", "shared", "public", "draft", "deleted")

_TABLE = """
api    | is listed                 | unnnyyy unyyyyy uyyyyyy uyyyyyy unnnnnn | GET    api-datasets
api    | is found by its name      | unnnyyy unyyyyy uyyyyyy uyyyyyy unnnnnn | GET    api-datasets
api    | is found by its words     | unnnyyy unyyyyy uyyyyyy uyyyyyy unnnnnn | GET    api-datasets
api    | is found by a path        | unnnyyy unyyyyy uyyyyyy unnnnnn unnnnnn | GET    api-datasets
api    | is found by its tag       | unnnyyy unyyyyy uyyyyyy uyyyyyy unnnnnn | GET    api-datasets
api    | see                       | unnnyyy unyyyyy uyyyyyy uyyyyyy unnnnnn | GET    api-dataset
api    | list its versions         | unnnyyy unyyyyy uyyyyyy uyyyyyy unnnnnn | GET    api-dataset-versions
api    | see a version             | unnnyyy unyyyyy uyyyyyy unnnyyy unnnnnn | GET    api-dataset-version
api    | list files                | unnnyyy unyyyyy uyyyyyy unnnyyy unnnnnn | GET    api-dataset-files
api    | read a file               | unnnyyy unyyyyy uyyyyyy unnnyyy unnnnnn | GET    api-dataset-file
api    | read a file's head        | unnnyyy unyyyyy uyyyyyy unnnyyy unnnnnn | HEAD   api-dataset-file
api    | ask whether it has a hash | unnnyyy unyyyyy uyyyyyy unnnyyy unnnnnn | GET    api-dataset-file
api    | download an archive       | unnnyyy unyyyyy uyyyyyy unnnyyy unnnnnn | GET    api-dataset-archive
api    | read the manifest         | unnnyyy unyyyyy uyyyyyy unnnyyy unnnnnn | GET    api-dataset-manifest
api    | compare versions          | unnnyyy unyyyyy uyyyyyy unnnyyy unnnnnn | GET    api-dataset-diff
api    | see who it is shared with | unnnyyy unffyyy ufffyyy ufffyyy unnnnnn | GET    api-dataset-grants
api    | describe                  | unnnfyy unfffyy uffffyy uffffyy unnnnnn | PATCH  api-dataset
api    | show to others            | unnnffy unffffy ufffffy ufffffy unnnnnn | PATCH  api-dataset
api    | share                     | unnnffy unffffy ufffffy ufffffy unnnnnn | PUT    api-dataset-grant
api    | share no longer           | unnnffy unffffy ufffffy ufffffy unnnnnn | DELETE api-dataset-grant
api    | begin a draft             | unnnfyy unfffyy uffffyy uffffyy unnnnnn | POST   api-dataset-versions
api    | begin a draft from it     | unnnfyy unfffyy uffffyy uffffnn unnnnnn | POST   api-dataset-versions
api    | put a file                | unnnfcc unfffcc uffffcc uffffyy unnnnnn | PUT    api-dataset-file
api    | unpack an archive         | unnnfcc unfffcc uffffcc uffffyy unnnnnn | POST   api-dataset-archive
api    | take out a file           | unnnfcc unfffcc uffffcc uffffyy unnnnnn | DELETE api-dataset-file
api    | take out files            | unnnfcc unfffcc uffffcc uffffyy unnnnnn | POST   api-dataset-remove
api    | publish                   | unnnfcc unfffcc uffffcc uffffyy unnnnnn | POST   api-dataset-publish
api    | delete or abandon         | unnnffy unffffy ufffffy uffffyy unnnnnn | DELETE api-dataset-version
api    | delete all of it          | unnnffy unffffy ufffffy ufffffy unnnnnn | DELETE api-dataset
api    | use it in a job           | urfrfyy urfyfyy uyfyfyy urfrfrr urfrfrr | POST   api-jobs
api    | use it in many jobs       | urfrfyy urfyfyy uyfyfyy urfrfrr urfrfrr | POST   api-batches
api    | make one of ones own      | uyfyfyy uyfyfyy uyfyfyy uyfyfyy uyfyfyy | POST   api-datasets
page   | is listed                 | unnnyyy unyyyyy uyyyyyy uyyyyyy unnnnnn | GET    datasets
page   | is found by its name      | unnnyyy unyyyyy uyyyyyy uyyyyyy unnnnnn | GET    datasets
page   | is found by its words     | unnnyyy unyyyyy uyyyyyy uyyyyyy unnnnnn | GET    datasets
page   | is found by a path        | unnnyyy unyyyyy uyyyyyy unnnnnn unnnnnn | GET    datasets
page   | see                       | unnnyyy unyyyyy uyyyyyy uyyyyyy unnnnnn | GET    dataset
page   | see a version             | unnnyyy unyyyyy uyyyyyy unnnyyy unnnnnn | GET    dataset-version
page   | compare versions          | unnnyyy unyyyyy uyyyyyy unnnyyy unnnnnn | GET    dataset-difference
page   | download an archive       | unnnyyy unyyyyy uyyyyyy unnnyyy unnnnnn | GET    dataset-archive
page   | look into a file          | unnnyyy unyyyyy uyyyyyy unnnyyy unnnnnn | GET    dataset-file
page   | download a file           | unnnyyy unyyyyy uyyyyyy unnnyyy unnnnnn | GET    dataset-download
page   | see a thumbnail           | unnnyyy unyyyyy uyyyyyy unnnyyy unnnnnn | GET    dataset-picture
page   | hear a sound              | unnnyyy unyyyyy uyyyyyy unnnyyy unnnnnn | GET    dataset-sound
page   | see its settings          | unnnfyy unfffyy uffffyy uffffyy unnnnnn | GET    dataset-settings
page   | describe                  | unnnfyy unfffyy uffffyy uffffyy unnnnnn | POST   dataset-settings
page   | show to others            | unnnffy unffffy ufffffy ufffffy unnnnnn | POST   dataset-visibility
page   | share                     | unnnffy unffffy ufffffy ufffffy unnnnnn | POST   dataset-grant
page   | share no longer           | unnnffy unffffy ufffffy ufffffy unnnnnn | POST   dataset-revoke
page   | begin a draft             | unnnfyy unfffyy uffffyy uffffyy unnnnnn | POST   draft-begin
page   | see the files of a draft  | unnnfcc unfffcc uffffcc uffffyy unnnnnn | GET    draft-files
page   | see what is on its way    | unnnfcc unfffcc uffffcc uffffyy unnnnnn | GET    draft-uploads
page   | forget what is on its way | unnnfcc unfffcc uffffcc uffffyy unnnnnn | POST   draft-discard
page   | take out a file           | unnnfcc unfffcc uffffcc uffffyy unnnnnn | POST   draft-remove
page   | publish                   | unnnfcc unfffcc uffffcc uffffyy unnnnnn | POST   draft-publish
page   | abandon                   | unnnfcc unfffcc uffffcc uffffyy unnnnnn | POST   draft-abandon
page   | delete a version          | unnnffy unffffy ufffffy ufffffn unnnnnn | POST   dataset-version-delete
page   | delete all of it          | unnnffy unffffy ufffffy ufffffy unnnnnn | POST   dataset-delete
page   | be asked for a new one    | uyfyfyy uyfyfyy uyfyfyy uyfyfyy uyfyfyy | GET    dataset-new
page   | make one of ones own      | uyfyfyy uyfyfyy uyfyfyy uyfyfyy uyfyfyy | POST   dataset-new
socket | open it to bring files in | unnnfcc unnnfcc unnnfcc unnnfyy unnnnnn | SAY    open
socket | put a small file          | unnnfcc unnnfcc unnnfcc unnnfyy unnnnnn | SAY    put
socket | begin a large file        | unnnfcc unnnfcc unnnfcc unnnfyy unnnnnn | SAY    begin
socket | get a file                | unnnyyy unyyyyy uyyyyyy unnnyyy unnnnnn | SAY    get
socket | list files                | unnnyyy unyyyyy uyyyyyy unnnyyy unnnnnn | SAY    list
socket | is found by its words     | unnnyyy unyyyyy uyyyyyy uyyyyyy unnnnnn | SAY    search
mount  | read it in a job          | urfrfyy urfyfyy uyfyfyy urfrfrr urfrfrr | RUN    a job
"""


class Row(NamedTuple):
    channel: str
    verb: str
    expected: dict[str, str]
    """State → a letter for each of ROLES."""
    method: str
    name: str


def rows(channel: str) -> list[Row]:
    return [row for row in TABLE if row.channel == channel]


def _read(line: str) -> Row:
    channel, verb, words, address = (part.strip() for part in line.split("|"))
    method, name = address.split(maxsplit=1)
    return Row(channel, verb, dict(zip(STATES, words.split(), strict=True)), method, name)


TABLE = [_read(line) for line in _TABLE.strip().splitlines()]
