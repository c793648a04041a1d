"""Files are written to disks and folders that can do less than others, and stay what they are known by."""

from __future__ import annotations

import errno
import os
import shutil
import sys
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import pytest

from app.document.errors import DocumentError
from app.document.formats import check_writable, file_identity, read_picture, write_file, write_picture
from app.document.pixels import Picture

CODES = [errno.EOPNOTSUPP, errno.EPERM, errno.ENOSYS, errno.EINVAL]
posix = pytest.mark.skipif(sys.platform == "win32", reason="POSIX's calls")


def _refuse(code: int) -> Any:
    def refuse(*_: Any, **__: Any) -> NoReturn:
        raise OSError(code, os.strerror(code))

    return refuse


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("call", ["chmod", "fsync", "replace", "chown", "setxattr", "all"])
@pytest.mark.parametrize("there", [True, False], ids=["over an old file", "new"])
def test_a_disk_without_a_right_gets_its_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int, call: str, there: bool
) -> None:
    path = tmp_path / "a.png"
    if there:
        path.write_bytes(b"the old file")
    for name in ("chmod", "fsync", "replace", "chown", "setxattr", "listxattr", "link"):
        if hasattr(os, name) and call in (name, "all"):
            monkeypatch.setattr(os, name, _refuse(code))
    if call in ("chmod", "all"):
        monkeypatch.setattr(Path, "chmod", _refuse(code))
    if call in ("replace", "all"):
        monkeypatch.setattr(Path, "replace", _refuse(code))
    picture = Picture(np.full((4, 5, 3), 7, np.uint8))
    write_picture(picture, path)
    np.testing.assert_array_equal(read_picture(path).pixels, picture.pixels)
    assert [file.name for file in tmp_path.iterdir()] == ["a.png"]


@posix
def test_other_names_of_a_file_go_on_being_its_names(tmp_path: Path) -> None:
    path, other = tmp_path / "a.png", tmp_path / "other.png"
    path.write_bytes(b"the old file")
    os.link(path, other)
    write_file(path, b"the new file")
    assert other.read_bytes() == b"the new file"
    assert path.stat().st_ino == other.stat().st_ino
    assert len(list(tmp_path.iterdir())) == 2


@pytest.mark.skipif(not hasattr(os, "setxattr"), reason="Linux's calls")
def test_extended_attributes_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(b"the old file")
    try:
        os.setxattr(path, "user.rating", b"5")
    except OSError:
        pytest.skip("this disk has none")
    write_file(path, b"the new file")
    assert os.getxattr(path, "user.rating") == b"5"
    # Where they cannot be copied, the file itself is kept and written over.
    monkeypatch.setattr(os, "setxattr", _refuse(errno.EPERM))
    before = path.stat().st_ino
    write_file(path, b"newer")
    assert path.stat().st_ino == before
    assert os.getxattr(path, "user.rating") == b"5"
    assert path.read_bytes() == b"newer"


@posix
def test_an_owner_that_cannot_be_given_is_kept_with_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(b"the old file")
    given: list[tuple[int, int]] = []
    monkeypatch.setattr(os, "chown", lambda _path, uid, gid: given.append((uid, gid)))
    if os.getuid() == 0:
        monkeypatch.undo()
        os.chown(path, 12345, 54321)
        write_file(path, b"the new file")
        assert (path.stat().st_uid, path.stat().st_gid) == (12345, 54321)
        monkeypatch.setattr(os, "chown", _refuse(errno.EPERM))
        write_file(path, b"newer")
        assert (path.stat().st_uid, path.stat().st_gid) == (12345, 54321)
        assert path.read_bytes() == b"newer"
    else:
        assert file_identity.taken_over(path, path)
        assert given == []


def test_a_file_in_a_folder_that_takes_no_new_one_is_written_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(b"the old file")
    usual = Path.open

    def only_there(self: Path, mode: str = "r", *args: Any, **options: Any) -> Any:
        if "x" in mode:
            raise PermissionError(errno.EACCES, "no")
        return usual(self, mode, *args, **options)

    monkeypatch.setattr(Path, "open", only_there)
    check_writable(path)
    write_file(path, b"the new file")
    assert path.read_bytes() == b"the new file"
    with pytest.raises(DocumentError, match="no permission"):
        check_writable(tmp_path / "new.png")
    with pytest.raises(DocumentError, match="no permission"):
        write_file(tmp_path / "new.png", b"")


def test_a_copy_that_fails_puts_the_old_content_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(b"the old file")
    monkeypatch.setattr(Path, "replace", _refuse(errno.EPERM))
    with monkeypatch.context() as patch:
        patch.setattr(shutil, "copyfileobj", _refuse(errno.ENOSPC))
        with pytest.raises(DocumentError, match="disk is full"):
            write_file(path, b"the new file")
    assert path.read_bytes() == b"the old file"
    assert [file.name for file in tmp_path.iterdir()] == ["a.png"]


def test_a_place_is_checked_before_the_work(tmp_path: Path) -> None:
    check_writable(tmp_path / "a.png")
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "folder.png").mkdir()
    for path, words in (
        (tmp_path / "folder.png", "a folder has that name"),
        (tmp_path / "nowhere" / "a.png", "does not exist"),
        (tmp_path / "a\0.png", "no name that a file can have"),
    ):
        with pytest.raises(DocumentError, match=words):
            check_writable(path)
    (tmp_path / "old.png").write_bytes(b"old")
    check_writable(tmp_path / "old.png")
    assert (tmp_path / "old.png").read_bytes() == b"old"


@posix
def test_names_of_bytes_that_are_no_text(tmp_path: Path) -> None:
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/gr\xfc\xdfe.png"))
    picture = Picture(np.full((4, 5, 3), 7, np.uint8))
    try:
        write_picture(picture, path)
    except DocumentError:
        pytest.skip("this system takes text only")
    np.testing.assert_array_equal(read_picture(path).pixels, picture.pixels)
