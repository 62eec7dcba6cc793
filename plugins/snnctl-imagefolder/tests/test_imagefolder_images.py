"""Every kind of image file becomes the pixels a viewer shows, scaled and cropped; what is no image says why."""

import io
import os
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from snnctl_imagefolder.decoding import Decoder, UnreadableError, eight_bits, upright
from snnctl_imagefolder.geometry import Geometry, MisfitError, make_geometry, parse_size

from snnctl.errors import UsageError

RANDOM = np.random.default_rng(0)
COLOURS = RANDOM.integers(0, 256, (5, 7, 3), dtype=np.uint8)


def decoder(resize: str = "none", size: tuple[int, int] = (5, 7), channels: int = 3, **changed: str) -> Decoder:
    options = {"interpolation": "bilinear", "background": "black", **changed}
    return Decoder(Geometry(resize, size), channels, **options)  # type: ignore[arg-type]


def saved(folder: Path, image: Image.Image, name: str = "a.png", **options: object) -> Path:
    image.save(folder / name, **options)
    return folder / name


@pytest.mark.parametrize(
    ("name", "options"),
    [("a.png", {}), ("A.BMP", {}), ("a.webp", {"lossless": True}), ("named wrongly.jpg", {"format": "PNG"})],
)
def test_formats_without_loss_by_their_content(tmp_path: Path, name: str, options: dict) -> None:
    path = saved(tmp_path, Image.fromarray(COLOURS), name, **options)
    np.testing.assert_array_equal(decoder()(path), COLOURS)
    np.testing.assert_allclose(decoder(channels=1)(path)[..., 0], COLOURS @ [0.299, 0.587, 0.114], atol=1)


def test_jpeg_is_what_pillow_decodes(tmp_path: Path) -> None:
    path = saved(tmp_path, Image.fromarray(COLOURS), "a.jpg", quality=80)
    np.testing.assert_array_equal(decoder()(path), np.asarray(Image.open(path)))
    red = Image.new("CMYK", (8, 8), (0, 255, 255, 0))
    pixels = decoder(size=(8, 8))(saved(tmp_path, red, "cmyk.jpg", quality=95))
    assert np.abs(pixels.astype(int) - [255, 0, 0]).max() < 10


def test_palettes_grey_bilevel_and_sixteen_bits(tmp_path: Path) -> None:
    image = Image.fromarray(np.array([[0, 1], [2, 1]], np.uint8), "P")
    image.putpalette([255, 0, 0, 0, 255, 0, 0, 0, 255])
    pixels = decoder(size=(2, 2))(saved(tmp_path, image))
    assert pixels.tolist() == [[[255, 0, 0], [0, 255, 0]], [[0, 0, 255], [0, 255, 0]]]
    grey = saved(tmp_path, Image.fromarray(COLOURS[..., 0]))
    np.testing.assert_array_equal(decoder()(grey), np.repeat(COLOURS[..., :1], 3, axis=-1))
    np.testing.assert_array_equal(decoder(channels=1)(grey), COLOURS[..., :1])
    bilevel = saved(tmp_path, Image.fromarray(COLOURS[..., 0] > 99))
    np.testing.assert_array_equal(decoder(channels=1)(bilevel)[..., 0], 255 * (COLOURS[..., 0] > 99))
    values = np.array([[0, 128, 129, 257], [32768, 65278, 65407, 65535]], np.uint16)
    deep = saved(tmp_path, Image.fromarray(values))
    assert decoder(size=(2, 4), channels=1)(deep)[..., 0].tolist() == [[0, 0, 1, 1], [128, 254, 255, 255]]
    np.testing.assert_array_equal(eight_bits(np.arange(65536)), np.round(np.arange(65536) / 257))


@pytest.mark.parametrize(("background", "ground"), [("black", 0), ("white", 255)])
@pytest.mark.parametrize("kind", ["RGBA", "LA", "P", "L"])
def test_what_is_transparent_shows_the_background(tmp_path: Path, kind: str, background: str, ground: int) -> None:
    grey = np.array([[100, 100]], np.uint8)
    if kind in ("RGBA", "LA"):
        channels = [grey] * (len(kind) - 1) + [np.array([[0, 255]], np.uint8)]
        path = saved(tmp_path, Image.fromarray(np.stack(channels, axis=-1), kind))
    elif kind == "P":
        image = Image.fromarray(np.array([[0, 1]], np.uint8), "P")
        image.putpalette([7, 7, 7, 100, 100, 100])
        path = saved(tmp_path, image, transparency=0)
    else:
        path = saved(tmp_path, Image.fromarray(np.array([[7, 100]], np.uint8)), transparency=7)
    for channels_out in (1, 3):
        pixels = decoder(size=(1, 2), channels=channels_out, background=background)(path)
        assert pixels[0].tolist() == [[ground] * channels_out, [100] * channels_out]


def test_half_transparent_is_mixed(tmp_path: Path) -> None:
    path = saved(tmp_path, Image.fromarray(np.array([[[200, 100, 0, 128]]], np.uint8), "RGBA"))
    np.testing.assert_allclose(decoder(size=(1, 1), background="white")(path)[0, 0], [227, 177, 127], atol=1)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_photographs_are_turned_upright(tmp_path: Path, orientation: int) -> None:
    """What is stored is turned so that it becomes the same picture by its EXIF orientation."""
    turned = {
        1: COLOURS,
        2: COLOURS[:, ::-1],
        3: COLOURS[::-1, ::-1],
        4: COLOURS[::-1],
        5: COLOURS.swapaxes(0, 1),
        6: np.rot90(COLOURS, 1),
        7: COLOURS[::-1, ::-1].swapaxes(0, 1),
        8: np.rot90(COLOURS, -1),
    }
    exif = Image.Exif()
    exif[0x0112] = orientation
    path = saved(tmp_path, Image.fromarray(np.ascontiguousarray(turned[orientation])), exif=exif)
    np.testing.assert_array_equal(decoder()(path), COLOURS)


@pytest.mark.parametrize("name", ["a.gif", "a.webp", "a.png"])
def test_of_an_animation_the_first_image(tmp_path: Path, name: str) -> None:
    frames = [Image.new("RGB", (4, 4), colour) for colour in ("white", "black", "black")]
    path = saved(tmp_path, frames[0], name, save_all=True, append_images=frames[1:])
    assert (decoder(size=(4, 4))(path) > 250).all()


def test_resizing_is_pillows_and_proportions_are_kept(tmp_path: Path) -> None:
    image = Image.fromarray(RANDOM.integers(0, 256, (20, 40, 3), dtype=np.uint8))
    path = saved(tmp_path, image)
    for name, filtered in (("bilinear", Image.Resampling.BILINEAR), ("nearest", Image.Resampling.NEAREST)):
        expected = np.asarray(image.resize((20, 10), filtered))
        shorter = decoder("shorter", (10, 10), interpolation=name)(path)
        np.testing.assert_array_equal(shorter, expected[:, 5:15])
        longer = decoder("longer", (20, 20), interpolation=name, background="white")(path)
        np.testing.assert_array_equal(longer[5:15], expected)
        assert (longer[[*range(5), *range(15, 20)]] == 255).all()
        stretched = decoder("stretch", (6, 6), interpolation=name)(path)
        np.testing.assert_array_equal(stretched, np.asarray(image.resize((6, 6), filtered)))


def test_scaled_in_proportion_and_the_middle_kept_as_torchvision_does() -> None:
    tops = [Geometry("none", None, (224, 224)).place((rows, 224)).top for rows in (224, 225, 226, 227, 228, 229, 231)]
    assert tops == [0, 0, 1, 2, 2, 2, 4], "half a pixel is rounded to the even"
    for image, scaled in (((500, 375), (341, 256)), ((375, 500), (256, 341)), ((3, 1000), (256, 85_333))):
        placed = Geometry("shorter", (256, 256), (224, 224)).place(image)
        assert placed.scaled == scaled  # Resize(256) makes the longer side int(256 * longer / shorter)
        assert (placed.top, placed.left) == tuple(round((side - 224) / 2) for side in scaled)
    assert Geometry("longer", (256, 192)).place((500, 300)).scaled == (256, 153)


@pytest.mark.parametrize(
    ("geometry", "image", "message"),
    [
        (Geometry("none", (4, 6)), (6, 4), "6x4"),
        (Geometry("none", None, (4, 4)), (3, 9), "3x9, smaller than the crop of 4x4"),
    ],
)
def test_images_that_do_not_fit(geometry: Geometry, image: tuple[int, int], message: str) -> None:
    with pytest.raises(MisfitError, match=message):
        geometry.place(image)


def test_no_image_is_enlarged_beyond_all_bounds(tmp_path: Path) -> None:
    path = saved(tmp_path, Image.new("L", (1, 16_000)))
    with pytest.raises(MisfitError, match="16000x1, which would become 6400000x400"):
        decoder("shorter", (400, 400))(path)


def test_sizes_as_they_are_written() -> None:
    for value, size in ((64, (64, 64)), ("64", (64, 64)), (" 48 X 64 ", (48, 64)), (None, None)):
        assert parse_size(value, "size") == size
    for wrong in ("", "x", "12x", "-3", "1.5", "0x4", 100_000, "4x4x3"):
        with pytest.raises(UsageError, match="is no size") as refused:
            parse_size(wrong, "crop")
        assert refused.value.where == "data set imagefolder, option crop"
    with pytest.raises(UsageError, match="The crop of 8x9 is larger than the size of 8x8"):
        make_geometry("shorter", (8, 8), (8, 9))


def encoded(kind: str, size: int = 24) -> bytes:
    content = io.BytesIO()
    pixels = np.random.default_rng(1).integers(0, 256, (size, size, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(content, kind)
    return content.getvalue()


def png_of_size(width: int, height: int) -> bytes:
    """A PNG whose head announces this size; there is next to nothing behind it."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return len(data).to_bytes(4, "big") + kind + data + zlib.crc32(kind + data).to_bytes(4, "big")

    head = width.to_bytes(4, "big") + height.to_bytes(4, "big") + bytes([8, 2, 0, 0, 0])
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"0")) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "empty file"),
        (b"not an image at all\n", "no image of a known format"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 5 5\n%%EndComments\n", "no image of a known format"),
        (encoded("JPEG", 64)[:900], "truncated"),
        (png_of_size(64, 64), "truncated"),
        (png_of_size(60_000, 60_000), "more than 178,956,970 pixels"),
    ],
    ids=["empty", "text", "postscript", "cut", "short", "bomb"],
)
def test_damaged_files_say_why(tmp_path: Path, content: bytes, why: str) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(content)
    with pytest.raises(UnreadableError, match=why):
        decoder()(path)


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
@pytest.mark.parametrize("kind", ["PNG", "GIF", "BMP", "WEBP", "JPEG"])
def test_no_damage_gets_past(tmp_path: Path, kind: str) -> None:
    """Cut anywhere or with bytes changed, a file is decoded or refused; nothing else is raised."""
    random, whole = np.random.default_rng(1), encoded(kind)
    path, refused = tmp_path / "a.png", []
    for _ in range(30):
        damaged = bytearray(whole[: random.integers(1, len(whole))] if random.random() < 0.5 else whole)
        for place in random.integers(0, len(damaged), 5):
            damaged[place] = random.integers(256)
        path.write_bytes(damaged)
        try:
            assert upright(path, 3, 0).mode == "RGB"
        except UnreadableError as error:
            refused.append(str(error))
    assert len(refused) > 5
    assert "".join(refused).isprintable()


def test_what_is_no_file(tmp_path: Path) -> None:
    (tmp_path / "gone.png").symlink_to(tmp_path / "nowhere.png")
    (tmp_path / "self.png").symlink_to(tmp_path / "self.png")
    os.mkfifo(tmp_path / "pipe.png")
    for name, why in (("gone.png", "no such file"), ("self.png", "symbolic links"), ("pipe.png", "no regular file")):
        with pytest.raises(UnreadableError, match=why):
            decoder()(tmp_path / name)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read(tmp_path: Path) -> None:
    path = saved(tmp_path, Image.fromarray(COLOURS))
    path.chmod(0)
    with pytest.raises(UnreadableError, match="permission denied"):
        decoder()(path)
