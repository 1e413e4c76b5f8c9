"""Files that are written whole or not at all, and the folders that are shipped with the package."""

import fcntl
import os
import re
import stat
import tempfile
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager, suppress
from hashlib import sha256
from pathlib import Path
from secrets import token_hex

from qqt_bayes.errors import Advice, InputError, suggest

PACKAGE = Path(__file__).parent
"""Folder of this package."""
DRAFT = ".qqt-draft"
"""End of the name of a file that is being written."""
LARGEST = 2_000_000_000
"""Bytes of a file that is read: tables and fits are smaller by far, and no memory is filled."""
KINDS = {
    stat.S_IFDIR: "a folder",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
    stat.S_IFIFO: "a pipe",
    stat.S_IFSOCK: "a socket",
}
"""What is no file but can have the name of one."""
LONGEST_WORD = 80
"""Bytes of a name that go into the name of a file, of which two may, and which may have 255."""
OVERWRITE = {"overwrite": True}
"""The argument that replaces files, whoever wrote them."""
NETCDF = (".nc", ".netcdf", ".h5", ".hdf5")
"""How the name of a netCDF file ends."""
OF_FILES = (".csv", ".html", ".json", ".nc", ".pdf", ".png", ".svg", ".txt")
"""How the name of no new folder ends: those who meant a file would get a folder."""
STUDY = "study.json"
"""Name of the file by which a folder is known as a study."""
METRICS = "metrics.json"
"""Name of the file by which a folder is known as one of studies, each of one metric."""
SCHEMA = 1
"""The schema number of all JSON that is written. It counts up when a key goes or changes its
meaning; new keys may come without."""
SEAL = b"\nqqt_bayes: SHA-256 of all bytes before this line: "
"""What leads the digest at the end of a sealed file; HDF5 does not read so far."""


def shipped(name: str, content: str, what: str, advice: str = "install the package again") -> Path:
    """Find a folder of data that comes with the package.

    An installed package has it inside; in a working copy it lies beside the package.

    Parameters
    ----------
    name : str
        Path of the folder there.
    content : str
        Pattern of a file that it has to hold.
    what, advice : str
        Words for that content and for what to do if it is missing, for the message.

    Raises
    ------
    InputError
        If no such file is in either place.

    Examples
    --------
    >>> shipped("models", "*.toml", "model specification").name
    'models'
    """
    inside, beside = PACKAGE / name, PACKAGE.parent / name
    for folder in (inside, beside):
        if any(folder.glob(content)):
            return folder
    raise InputError(f"no {what} in {inside} nor in {beside}: {advice}")


def content_of(path: Path, largest: int = LARGEST) -> bytes:
    """Content of a file, and of nothing else: a device may never end, a pipe may never begin.

    Parameters
    ----------
    path : Path
    largest : int
        Bytes of a file above which it is not what it should be.

    Raises
    ------
    InputError
        If there is no such file, it cannot be read or is larger, or it is no file.

    Examples
    --------
    >>> content_of(Path("/dev/zero"))
    Traceback (most recent call last):
    qqt_bayes.errors.InputError: /dev/zero: expected a file, got a device
    """
    try:
        found = path.stat()
        kind = KINDS.get(stat.S_IFMT(found.st_mode))
        if kind is not None:
            raise InputError(f"{path}: expected a file, got {kind}")
        if found.st_size > largest:
            raise InputError(f"{path}: has more than {largest:,} bytes, too many for what it is")
        return path.read_bytes()
    except FileNotFoundError:
        near = suggest(path.name, [other.name for other in path.parent.glob("*")])
        raise InputError(f"{path}: no such file{near}") from None
    except InputError:
        raise
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        reason = getattr(error, "strerror", None) or error
        raise InputError(f"{path}: cannot be read: {reason}") from None


def seal(content: bytes) -> bytes:
    """The content with its digest behind it, so that damage shows before anything is parsed."""
    return content + SEAL + sha256(content).hexdigest().encode() + b"\n"


def unseal(content: bytes) -> bytes:
    """The content before the seal; without one, all of it.

    Raises
    ------
    ValueError
        If it is not what was sealed.

    Examples
    --------
    >>> unseal(seal(b"a fit")), unseal(b"made elsewhere")
    (b'a fit', b'made elsewhere')
    >>> unseal(seal(b"a fit").replace(b"fit", b"bit"))
    Traceback (most recent call last):
    ValueError: the content is not what was sealed
    """
    inner, mark, _ = content.rpartition(SEAL)
    if not mark:
        return content
    if seal(inner) != content:
        raise ValueError("the content is not what was sealed")
    return inner


def is_sealed(path: Path) -> bool:
    """Whether a file ends with a seal, so that this package wrote it; its digest is not checked."""
    length = len(SEAL) + 2 * sha256().digest_size + 1
    if not os.path.isfile(path):  # a pipe would be waited for
        return False
    try:
        with path.open("rb") as file:
            file.seek(-length, os.SEEK_END)
            return file.read().startswith(SEAL)
    except OSError:  # shorter than a seal, or not readable
        return False


def write(path: Path, content: str | bytes) -> None:
    """Write a file; an earlier one stays as it is until the new one is whole.

    Raises
    ------
    InputError
        If that is not possible.

    Examples
    --------
    >>> write(Path("no such folder/decision.csv"), "")
    Traceback (most recent call last):
    qqt_bayes.errors.InputError: no such folder/decision.csv cannot be written: there is no folder \
no such folder
    """
    # the name of a file, which text may quote, need not be text: it is escaped as messages do
    data = content.encode(errors="backslashreplace") if isinstance(content, str) else content
    writable(path)
    try:
        with _draft(path.parent) as draft:
            draft.write_bytes(data)
            os.replace(draft, path)
    except OSError as error:
        raise InputError(f"{path} cannot be written: {error.strerror or error}") from None


def slug(name: str) -> str:
    """A name as part of the name of a file that any file system takes.

    Examples
    --------
    >>> slug("ViT-B/32"), slug("mean of 38"), slug("???")
    ('ViT-B-32', 'mean-of-38', '')
    >>> slug("数据" * 100)[:4], len(slug("数据" * 100).encode())
    ('数据数据', 87)
    """
    word = re.sub(r"[^\w.]+", "-", name).strip("-")
    if len(word.encode()) <= LONGEST_WORD:
        return word
    digest = sha256(name.encode()).hexdigest()[:8]  # names may differ in what is cut off
    return f"{word.encode()[:LONGEST_WORD].decode(errors='ignore')}-{digest}"


def writable(
    path: Path, sources: Iterable[str | None] = (), endings: Collection[str] | None = None
) -> Path:
    """A file that can be written later, so that long work is not done in vain.

    Parameters
    ----------
    path : Path
    sources : iterable of str or None
        Files that are read, and so must not be overwritten.
    endings : collection of str, optional
        What its name may end in, in small letters; anything if not given.

    Raises
    ------
    InputError
        If its folder is missing or read-only, it is read-only, a folder, a device or a source, or
        its name ends otherwise.

    Examples
    --------
    >>> writable(Path("ranks.jpg"), endings=[".png", ".svg"])
    Traceback (most recent call last):
    qqt_bayes.errors.InputError: ranks.jpg: expected a file whose name ends in .png or .svg
    """
    try:
        if not path.parent.is_dir():
            raise InputError(f"{path} cannot be written: there is no folder {path.parent}")
        mode = path.stat().st_mode
        if stat.S_ISDIR(mode):
            raise InputError(f"{path}: expected a file to write, got a folder")
        if not stat.S_ISREG(mode):
            raise InputError(f"{path} cannot be written: it is a device, not a file")
        if not mode & 0o222:  # a new file could replace it all the same, but its owner said no
            raise InputError(f"{path} cannot be written: it is read-only")
        if any(_same(path, source) for source in sources if source):
            raise InputError(f"{path} cannot be written: it is read, too; choose another name")
    except FileNotFoundError:
        pass  # nothing is overwritten
    except OSError as error:
        raise InputError(f"{path} cannot be written: {error.strerror or error}") from None
    if endings is not None and path.suffix.lower() not in endings:
        raise InputError(f"{path}: expected a file whose name ends in {' or '.join(endings)}")
    try:
        with tempfile.TemporaryFile(dir=path.parent):
            pass
    except OSError as error:
        raise InputError(f"{path} cannot be written: {error.strerror or error}") from None
    return path


def is_study(folder: Path) -> bool:
    """Whether a folder holds a study, or one that did not come to its end."""
    return (folder / STUDY).is_file()


def is_of_metrics(folder: Path) -> bool:
    """Whether a folder holds studies, each of one metric."""
    return (folder / METRICS).is_file()


def require_one_metric(folder: Path) -> None:
    """Refuse a folder of studies by metric where a study is taken.

    Raises
    ------
    InputError
        Saying which to give instead.
    """
    if is_of_metrics(folder):
        raise InputError(f"{folder} holds a study of each metric; give one of them, a folder in it")


def _never(_: Path) -> bool:
    return False


def require_free(
    paths: Iterable[Path],
    ours: Callable[[Path], bool] = _never,
    what: str = "",
    *,
    overwrite: bool,
) -> None:
    """Refuse to replace files, but for those that this package is known to have written.

    Parameters
    ----------
    paths : iterable of Path
        Files that will be written.
    ours : callable
        Whether a file is one of the same kind that this package wrote; none is if not given.
    what : str
        What such a file is, for the message.
    overwrite : bool
        Whether the user wants to replace them, whatever they are.

    Raises
    ------
    InputError
        Naming all of them; or, whatever `overwrite` says, if two files to write are one.
    """
    paths = list(paths)
    places = list(map(os.path.realpath, paths))
    for path, place in zip(paths, places, strict=True):
        if places.count(place) > 1:
            raise InputError(f"{path} cannot be written twice; name a file for each")
    taken = [path for path in paths if os.path.lexists(path) and not ours(path)]
    if not taken or overwrite:
        return
    names = ", ".join(map(str, taken))
    no_such = f" and {'are' if len(taken) > 1 else 'is'} no {what} of qqt_bayes" if what else ""
    if len(taken) > 1:
        words, advice = f"{names} are there already", Advice("{} replaces them", OVERWRITE)
    else:
        words, advice = f"{names} is there already", Advice("{} replaces it", OVERWRITE)
    raise InputError(f"{words}{no_such}; {advice}", [advice])


def new_folder(path: Path) -> Path:
    """A folder to write to; made if it is not there.

    Raises
    ------
    InputError
        If it cannot be made, or is new and its name ends as a file's.
    """
    if path.suffix.lower() in OF_FILES and not path.is_dir():
        raise InputError(f"{path}: expected a folder to write to, and its name ends as a file's")
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"{path}: the folder cannot be made: {error.strerror or error}") from None
    return path


@contextmanager
def _draft(folder: Path) -> Iterator[Path]:
    """A new empty file, locked: the lock goes with its process, so what has none is a stray."""
    for stray in folder.glob(f".*{DRAFT}"):
        with suppress(OSError), stray.open("r+b") as file:  # OSError: in use, or gone by now
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            stray.unlink()
    while True:
        draft = folder / f".{token_hex(8)}{DRAFT}"
        try:
            with draft.open("xb") as file:
                with suppress(OSError):  # a file system without locks, where nothing is a stray
                    fcntl.flock(file, fcntl.LOCK_EX)
                if os.fstat(file.fileno()).st_nlink:  # else taken for a stray before it was locked
                    yield draft
                    return
        finally:
            draft.unlink(missing_ok=True)


def _same(path: Path, source: str) -> bool:
    try:
        return path.samefile(source)
    except OSError:  # a glob, or a file that is not there
        return False
