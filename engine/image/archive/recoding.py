"""Layers under another compression: their names, and gzip for those that no image may carry, or that are to travel.

Image formats know plain, gzipped and zstd layers (OCI layer.md); archives come by bzip2 and xz too.
"""

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from engine.errors import InvalidParameter
from engine.image.archive.arrival import Arrival, Blob, layer_type
from engine.image.archive.child import child, parent
from engine.image.archive.packing import PackedLayer, decode_outcome
from engine.image.layer import RESERVE, SIZE_LIMIT
from engine.image.manifest import Descriptor

_UNCARRIED: Final = (b"BZh", b"\xfd7zXZ\0")


async def diff_id_of(layer: Path) -> str:
    """The digest of the plain tar of a layer in a scratch folder.

    Raises InvalidParameter for what is malformed or too much.
    """
    return (await _recoded("name", layer, layer.parent, asyncio.subprocess.DEVNULL)).diff_id


async def gzip_layer(layer: Path, target: Path) -> PackedLayer:
    """Write the layer, whatever it is compressed by, to the new file `target` of a scratch folder, gzipped.

    Raises InvalidParameter for what is malformed or too much.
    """
    with target.open("xb") as file:
        return await _recoded("gzip", layer, target.parent, file)


def is_carried(layer: Path) -> bool:
    """May an image have a layer of this compression?"""
    with layer.open("rb") as file:
        return not file.read(6).startswith(_UNCARRIED)


async def carried(arrival: Arrival, folder: Path) -> Arrival:
    """The arrival, with gzip for those of its layers that no manifest can name. New files go into `folder`."""
    if arrival.raw_manifest is not None:
        return arrival
    layers = [await _carried(blob, folder) for blob in arrival.layers]
    return replace(arrival, layers=tuple(layers))


async def _carried(blob: Blob, folder: Path) -> Blob:
    if blob.path is None or is_carried(blob.path):
        return blob
    target = folder / f"{blob.path.name}.gz"
    packed = await gzip_layer(blob.path, target)
    return Blob(Descriptor(layer_type(target), packed.digest, packed.size), target)


async def _recoded(how: str, layer: Path, scratch: Path, stdout: Any) -> PackedLayer:
    nothing = scratch / "nothing"
    nothing.mkdir(exist_ok=True)
    limits = (str(SIZE_LIMIT), str(RESERVE), parent())
    with layer.open("rb", buffering=0) as file:
        streams = {"stdin": file, "stdout": stdout, "stderr": asyncio.subprocess.PIPE}
        async with child("recode", how, str(nothing), *limits, **streams) as process:
            _, said = await process.communicate()
    outcome = decode_outcome(said, "reading a layer")
    if outcome.error:
        raise InvalidParameter(f"invalid archive: {outcome.error}")
    return outcome
