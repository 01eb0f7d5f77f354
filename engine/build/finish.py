"""The end of a build: its last state becomes an image with names."""

from dataclasses import dataclass

from engine.build.messages import Messages
from engine.build.request import BuildRequest
from engine.build.state import State
from engine.ids import short_id
from engine.image.archive.arrival import Arrival, Blob, take_in
from engine.image.archive.compose import encode
from engine.image.service import Images


@dataclass(frozen=True)
class Finish:
    images: Images

    async def finish(self, request: BuildRequest, state: State, messages: Messages) -> None:
        """Write the image down, name it, and say so in Docker's words."""
        image_id = await self.image(state)
        await messages.put({"aux": {"ID": image_id}})
        if request.quiet:
            await messages.conclude({"stream": f"{image_id}\n"})
        await messages.say(f"Successfully built {short_id(image_id)}\n")
        for name in request.tags:
            await self.images.tag(image_id, name.familiar)
            await messages.say(f"Successfully tagged {name.familiar}\n")

    async def image(self, state: State) -> str:
        """The ID of the image that the state is; it is in the store from then on."""
        document = state.document
        arrival = Arrival(encode(document), document, tuple(Blob(layer.blob) for layer in state.layers))
        if not self.images.knows(arrival.id):
            async for _ in take_in(self.images, arrival):
                pass
        return arrival.id
