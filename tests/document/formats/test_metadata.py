"""What a file says beside its pixels: kept from every format to every other that can hold it."""

from __future__ import annotations

import hashlib
import io
import re
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import ExifTags, Image, IptcImagePlugin, JpegImagePlugin

from app.document.formats import metadata
from app.document.formats.encode import encode_picture
from app.document.formats.files import SAVE_FORMATS, read_picture, read_picture_data, write_picture
from app.document.formats.limits import lost_features_sentence
from app.document.metadata import jpeg_segments, xmp
from app.document.pixels.picture import Picture
from tests.document.icc_files import ADOBE_RGB, P3, gamma, grey_profile

DATA = Path(__file__).parents[2] / "data"
XMP = (
    b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    b'<rdf:Description xmlns:tiff="http://ns.adobe.com/tiff/1.0/" xmlns:xmp="http://ns.adobe.com/xap/1.0/" '
    b'tiff:Orientation="6" tiff:ImageWidth="20" xmp:Rating="4"><tiff:Orientation>6</tiff:Orientation>'
    b"<xmp:Thumbnails><rdf:Alt>AAAA</rdf:Alt></xmp:Thumbnails></rdf:Description></rdf:RDF></x:xmpmeta>"
)
IPTC = b"\x1c\x02\x78\x00\x09A caption\x1c\x02\x50\x00\x06Artist"


def _noise(*shape: int) -> NDArray[np.uint8]:
    return np.random.default_rng(3).integers(0, 256, shape, dtype=np.uint8)


def _photo() -> Image.Image:
    rng = np.random.default_rng(0)
    small = rng.integers(0, 256, (12, 16, 3), dtype=np.uint8)
    return Image.fromarray(small).resize((256, 192), Image.Resampling.BICUBIC)


def test_xmp_is_upright_and_without_thumbnails(tmp_path: Path) -> None:
    for kind in ("jpg", "webp", "tif", "avif"):
        path = tmp_path / f"a.{kind}"
        if kind == "tif":
            Image.fromarray(_noise(10, 20, 3)).save(path, tiffinfo={700: XMP, 274: 6})
        else:
            exif = Image.Exif()
            exif[ExifTags.Base.Orientation] = 6
            Image.fromarray(_noise(10, 20, 3)).save(path, xmp=XMP, exif=exif)
        picture = read_picture(path)
        assert picture.size == (10, 20)
        assert picture.xmp is not None
        assert not re.search(rb"Orientation\D+6", picture.xmp)
        assert b'tiff:ImageWidth="10"' in picture.xmp
        assert b"Thumbnails" not in picture.xmp
        assert b'Rating="4"' in picture.xmp
        for suffix in ("png", "jpg", "webp", "tif", "avif"):
            write_picture(picture, tmp_path / f"b.{suffix}")
            back = read_picture(tmp_path / f"b.{suffix}")
            assert back.xmp == picture.xmp
            assert back.size == (10, 20)


def test_an_orientation_only_in_xmp_is_applied_once(tmp_path: Path) -> None:
    Image.fromarray(_noise(10, 20, 3)).save(tmp_path / "a.jpg", xmp=XMP)
    picture = read_picture(tmp_path / "a.jpg")
    assert picture.size == (10, 20)
    write_picture(picture, tmp_path / "b.jpg")
    assert read_picture(tmp_path / "b.jpg").size == (10, 20)


def test_iptc_captions(tmp_path: Path) -> None:
    Image.fromarray(_noise(9, 9, 3)).save(tmp_path / "a.jpg", extra=jpeg_segments.written(metadata.iptc_segments(IPTC)))
    picture = read_picture(tmp_path / "a.jpg")
    assert picture.iptc == IPTC
    for suffix in ("jpg", "tif", "png"):
        write_picture(picture, tmp_path / f"b.{suffix}")
        assert read_picture(tmp_path / f"b.{suffix}").iptc == IPTC
        if suffix != "png":
            with Image.open(tmp_path / f"b.{suffix}") as image:
                found: Any = IptcImagePlugin.getiptcinfo(image)
            assert found[(2, 120)] == b"A caption"
    for suffix, said in (("webp", "IPTC"), ("bmp", "photo information"), ("png", "")):
        sentence = lost_features_sentence(picture, f"b.{suffix}", {"webp": "WEBP", "bmp": "BMP", "png": "PNG"}[suffix])
        assert said in sentence
        assert bool(said) == bool(sentence)


def test_texts_and_comments(tmp_path: Path) -> None:
    Image.fromarray(_noise(9, 9, 3)).save(tmp_path / "a.jpg", comment="Größe".encode())
    picture = read_picture(tmp_path / "a.jpg")
    assert picture.texts == {"Comment": "Größe"}
    for suffix in ("jpg", "png"):
        write_picture(picture, tmp_path / f"b.{suffix}")
        assert read_picture(tmp_path / f"b.{suffix}").texts == picture.texts


def test_tags_nobody_thought_of_are_kept_and_layout_is_not(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x4746], exif[0x9C9B], exif[0xC4A5] = 5, "Title".encode("utf-16-le"), b"PrintIM\0"
    Image.fromarray(_noise(9, 9, 3)).save(tmp_path / "a.tif", exif=exif, compression="tiff_lzw")
    picture = read_picture(tmp_path / "a.tif")
    kept = Image.Exif()
    kept.load(picture.exif or b"")
    assert set(kept) == {0x4746, 0x9C9B, 0xC4A5}


def test_resolution_where_only_exif_holds_it(tmp_path: Path) -> None:
    picture = Picture(_noise(9, 9, 3), dpi=(300.0, 150.0))
    for suffix in ("webp", "avif"):
        write_picture(picture, tmp_path / f"a.{suffix}")
        assert read_picture(tmp_path / f"a.{suffix}").dpi == pytest.approx((300, 150))


def test_the_makers_notes_give_way_in_a_jpeg(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[ExifTags.Base.Make] = "Maker"
    exif[ExifTags.IFD.Exif] = {ExifTags.Base.MakerNote: b"x" * 70_000, ExifTags.Base.ISOSpeedRatings: 400}
    write_picture(Picture(_noise(9, 9, 3), exif=exif.tobytes()), tmp_path / "a.jpg")
    kept = Image.Exif()
    kept.load(read_picture(tmp_path / "a.jpg").exif or b"")
    assert kept[ExifTags.Base.Make] == "Maker"
    assert dict(kept.get_ifd(ExifTags.IFD.Exif)) == {ExifTags.Base.ISOSpeedRatings: 400}


@pytest.mark.parametrize("quality", [30, 75, 92])
@pytest.mark.parametrize("sampling", ["4:4:4", "4:2:2", "4:2:0"])
@pytest.mark.parametrize("progressive", [False, True])
def test_a_jpeg_is_compressed_like_the_original(tmp_path: Path, quality: int, sampling: str, progressive: bool) -> None:
    path = tmp_path / "a.jpg"
    _photo().save(path, quality=quality, subsampling=sampling, progressive=progressive)
    with Image.open(path) as image:
        assert isinstance(image, JpegImagePlugin.JpegImageFile)
        before = image.quantization, JpegImagePlugin.get_sampling(image), bool(image.info.get("progressive"))
    size = path.stat().st_size
    first = read_picture(path)
    write_picture(first, path)
    with Image.open(path) as image:
        assert isinstance(image, JpegImagePlugin.JpegImageFile)
        assert (image.quantization, JpegImagePlugin.get_sampling(image), bool(image.info.get("progressive"))) == before
    assert path.stat().st_size == pytest.approx(size, rel=0.1)
    again = read_picture(path).pixels.astype(int)
    # The same tables give nearly the same picture; another quality would not.
    assert np.abs(again - first.pixels).mean() < 1.0
    if sampling == "4:4:4":
        assert (again == first.pixels).all(axis=2).mean() > 0.8


def test_a_quality_that_is_asked_for_counts_more(tmp_path: Path) -> None:
    _photo().save(tmp_path / "a.jpg", quality=40)
    picture = read_picture(tmp_path / "a.jpg")
    assert len(encode_picture(picture, "JPEG", "a")) < len(encode_picture(picture, "JPEG", "a", quality=95)) / 2


def test_webp_without_loss_stays_so(tmp_path: Path) -> None:
    _photo().save(tmp_path / "a.webp", lossless=True)
    picture = read_picture(tmp_path / "a.webp")
    assert picture.lossless
    write_picture(picture, tmp_path / "a.webp")
    np.testing.assert_array_equal(read_picture(tmp_path / "a.webp").pixels, picture.pixels)
    _photo().save(tmp_path / "b.webp", quality=80)
    assert not read_picture(tmp_path / "b.webp").lossless


def test_heic_of_a_phone() -> None:
    picture = read_picture(DATA / "phone.heic")
    assert (picture.size, picture.format, picture.note) == ((48, 64), "HEIF", "")
    assert picture.icc_profile == P3
    assert np.abs(picture.pixels[0, 0].astype(int) - (20, 198, 128)).max() <= 4, "turned upright, once"
    assert picture.exif is not None
    assert b"Maker" in picture.exif
    assert "reduced to 8 bits" in read_picture(DATA / "ten-bits.heic").note


def test_an_ending_that_is_wrong_is_said(tmp_path: Path) -> None:
    _photo().save(tmp_path / "a.png", format="JPEG")
    picture = read_picture(tmp_path / "a.png")
    assert picture.format == "JPEG"
    assert "really a JPEG picture: saving it under this name writes PNG" in picture.note


def test_bytes_are_read_as_files_are() -> None:
    data = (DATA / "phone.heic").read_bytes()
    assert hashlib.sha256(read_picture_data(data, "x").pixels.tobytes()).digest() == (
        hashlib.sha256(read_picture(DATA / "phone.heic").pixels.tobytes()).digest()
    )


def _kept_xmp(packet: bytes, size: tuple[int, int]) -> bytes:
    kept = xmp.kept(packet, size)
    assert kept is not None
    return kept.data


@given(
    format=st.sampled_from([name for name in SAVE_FORMATS if name != "BMP"]),
    deep=st.booleans(),
    grey=st.booleans(),
    alpha=st.booleans(),
    profile=st.sampled_from(["none", "p3", "adobe"]),
    has=st.sets(st.sampled_from(["exif", "xmp", "iptc", "dpi"])),
    seed=st.integers(0, 1000),
)
@settings(deadline=None, max_examples=120)
def test_round_trips(format: str, deep: bool, grey: bool, alpha: bool, profile: str, has: set[str], seed: int) -> None:
    kind: Any = np.uint16 if deep else np.uint8
    rng = np.random.default_rng(seed)
    size = int(rng.integers(1, 20)), int(rng.integers(1, 20))
    pixels = rng.integers(0, np.iinfo(kind).max + 1, (*size, 4 if alpha else 3)).astype(kind)
    if grey:
        pixels[..., 1:3] = pixels[..., :1]
    exif = Image.Exif()
    exif[ExifTags.Base.Make] = "Maker"
    colours = {"none": None, "p3": P3, "adobe": ADOBE_RGB}[profile]
    picture = Picture(
        pixels,
        grey=grey,
        icc_profile=grey_profile(gamma(1.8)) if grey and colours else colours,
        exif=exif.tobytes() if "exif" in has else None,
        xmp=_kept_xmp(XMP, size[::-1]) if "xmp" in has else None,
        iptc=IPTC if "iptc" in has else None,
        dpi=(300.0, 150.0) if "dpi" in has else None,
    )
    back = read_picture_data(encode_picture(picture, format, "a", quality=100), "a")
    assert (back.format, back.note) == (format, "")
    assert back.depth == (16 if deep and format in ("PNG", "TIFF") else 8)
    keeps_grey = format in ("PNG", "TIFF", "JPEG")
    assert back.icc_profile == (picture.icc_profile if keeps_grey or not grey else None)
    if format in ("PNG", "TIFF"):
        np.testing.assert_array_equal(back.pixels, pixels)
        assert back.grey == grey
    assert (b"Maker" in (back.exif or b"")) == ("exif" in has)
    assert (back.xmp is not None) == ("xmp" in has)
    assert (back.iptc == IPTC) == ("iptc" in has and keeps_grey)
    if "dpi" in has:
        assert back.dpi == pytest.approx((300, 150), abs=0.02)


def test_damaged_blocks_are_left_out(tmp_path: Path) -> None:
    text = "\niptc\n 9\nzz\n"
    info = metadata.png_texts({"Raw profile type iptc": text}, None, None)
    Image.fromarray(_noise(4, 4, 3)).save(tmp_path / "a.png", pnginfo=info)
    assert read_picture(tmp_path / "a.png").iptc is None
    buffer = io.BytesIO()
    Image.fromarray(_noise(4, 4, 3)).save(buffer, "TIFF", tiffinfo={33723: struct.pack("<4L", 1, 2, 3, 4)})
    assert read_picture_data(buffer.getvalue(), "a").iptc is None
