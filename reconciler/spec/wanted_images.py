"""The images that a spec wants: what its `images` say, and what its containers say of theirs, as one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from reconciler.spec.model import Container, Image, Spec, State
from reconciler.spec.model.build import Build
from reconciler.spec.platforms import Platform, parse_platform
from reconciler.spec.reference import full_reference

_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 7 * 86400}
_DAILY, _WEEKLY = "1d", "1w"


@dataclass(frozen=True, slots=True)
class Problem:
    """Why an image can't be brought as the spec says.

    Attributes:
        message: what is wrong, without the image's name.
        hint: what to do.
    """

    message: str
    hint: str


@dataclass(frozen=True, slots=True)
class WantedImage:
    """One reference that the spec wants to be here, or not to be here.

    Attributes:
        text: the reference, as it is written.
        image: its entry in `images`; an empty one where it has none.
        build: how it is built; None where it is not.
        pull: never, missing, always or build; `refresh` for all that depend on an age; None where nobody says.
        age: seconds after which `refresh` asks the registry again.
        platform: what it is for; None where nobody says.
        users: the containers that run it, by their names in the spec.
        problems: what can't be, such as two builds of one image.
    """

    text: str
    image: Image = field(default_factory=Image)
    build: Build | None = None
    pull: str | None = None
    age: int = 0
    platform: Platform | None = None
    users: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()

    @property
    def full(self) -> str:
        """The reference in its full form."""
        return full_reference(self.text)

    @property
    def tags(self) -> tuple[str, ...]:
        """More references that it has."""
        return tuple(dict.fromkeys((*self.image.tags, *(self.build.tags if self.build else ()))))

    @property
    def is_absent(self) -> bool:
        """Whether this reference is to go."""
        return self.image.state == "absent"

    @property
    def is_made_here(self) -> bool:
        """Whether it is imported or loaded, so that no registry knows it."""
        return bool(self.image.import_ or self.image.load)


def wanted_images(spec: Spec) -> dict[str, WantedImage]:
    """Every image that the spec names, by its full reference, sorted."""
    entries = {full_reference(text): (text, image) for text, image in spec.images.items()}
    users: dict[str, list[str]] = {}
    for key, container in sorted(spec.containers.items()):
        if container.state is not State.ABSENT:
            full = full_reference(container.image)
            users.setdefault(full, []).append(key)
            if full not in entries:
                entries[full] = (container.image, Image())
            for mount in container.volumes:
                if mount.type == "image":
                    entries.setdefault(full_reference(mount.source), (mount.source, Image()))
    return {full: _merged(spec, *entries[full], users.get(full, [])) for full in sorted(entries)}


def _merged(spec: Spec, text: str, image: Image, users: list[str]) -> WantedImage:
    containers = [spec.containers[key] for key in users]
    builds = [build for build in (image.build, *(one.build for one in containers)) if build]
    platforms = [image.platform, *(one.platform for one in containers), *_platforms(builds)]
    asked = list(dict.fromkeys(parse_platform(one) for one in platforms if one))
    asked_for = dict.fromkeys((one.pull_policy, one.pull_refresh_after) for one in containers)
    policies = [_policy(image.pull, None), *(_policy(*one) for one in asked_for)]
    pull, age = min((one for one in policies if one[0]), key=_eagerness, default=(None, 0))
    wanted = WantedImage(
        text,
        image,
        builds[0] if builds else None,
        pull,
        age,
        asked[0] if asked else None,
        tuple(users),
    )
    problems = (*_problems(wanted, builds, containers), *_platform_problems(asked))
    return replace(wanted, problems=tuple(dict.fromkeys(problems)))


def _platforms(builds: list[Build]) -> Iterator[str]:
    """The platforms that are built for, of builds that have one; several need BuildKit, and are said elsewhere."""
    for build in builds:
        if len(build.platforms) == 1:
            yield build.platforms[0]


def _problems(wanted: WantedImage, builds: list[Build], containers: list[Container]) -> Iterator[Problem]:
    if any(build != builds[0] for build in builds):
        yield Problem("it is built in two different ways", "give each its own image name, or make the builds the same")
    if wanted.build and wanted.is_made_here:
        yield Problem("it is built, and also imported or loaded", "leave one of them out")
    if wanted.is_absent and containers:
        names = ", ".join(f'"{key}"' for key in wanted.users)
        yield Problem(f"it is to be absent, but container {names} runs it", "leave `state: absent` out")
    if wanted.pull == "build" and not wanted.build:
        yield Problem(
            "its pull policy is `build`, and nothing says how it is built", "declare `build`, or another policy"
        )
    if wanted.is_made_here and wanted.pull in {"always", "refresh"}:
        yield Problem("it is imported or loaded, so there is nothing to pull", "leave the pull policy out")


def _platform_problems(asked: list[Platform]) -> Iterator[Problem]:
    if len(asked) > 1:
        named = " and ".join(map(str, asked))
        yield Problem(f"it is wanted for {named}", "one reference names one image: give each platform its own tag")


def _policy(text: str | None, refresh_after: str | None) -> tuple[str | None, int]:
    if text in {"daily", "weekly"}:
        return "refresh", _seconds(_DAILY if text == "daily" else _WEEKLY)
    if text and text.startswith("every_"):
        return "refresh", _seconds(text.removeprefix("every_"))
    if text == "refresh":
        return ("refresh", _seconds(refresh_after)) if refresh_after else ("always", 0)
    return text, 0


def _eagerness(policy: tuple[str | None, int]) -> tuple[int, int]:
    """Of several containers that run one image, the one that wants it newest decides."""
    return ["build", "always", "refresh", "missing", "never", None].index(policy[0]), policy[1]


def _seconds(age: str) -> int:
    return sum(int(number) * _SECONDS[unit] for number, unit in re.findall(r"([0-9]+)([wdhms])", age))
