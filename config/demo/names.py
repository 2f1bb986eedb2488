"""Names out of a storybook, and telephone numbers that reach nobody."""

from __future__ import annotations

import random
from collections.abc import Iterator

_FIRST = (
    "Agnes Alaric Amity Anselm Araminta Balthazar Barnaby Bellamy Briony Caraway Clementine Clover Cosmo Dorothea"
    " Drusilla Eglantine Elowen Evander Fable Fenella Fergus Figaro Gideon Ginevra Hester Horatio Ignatius Indigo"
    " Jasper Jemima Larkin Lavender Linus Lorcan Mabel Merryn Mungo Nettie Octavia Orlando Peregrine Petunia"
    " Philippa Quentin Rosalind Rufus Sorrel Tabitha Tansy Thessaly Tobias Ulysses Verity Wilhelmina Winifred"
    " Zebedee"
)

_LAST = (
    "Applewhistle Bellweather Bramblewick Buttercombe Candlewick Cloudsley Cobblepot Copperkettle Dandelion"
    " Dimblewood Dovetail Elderflower Featherby Fernsby Fiddlewood Foxglove Gingerfield Goosefeather Greenbottle"
    " Hazelnutt Hollowell Honeydew Inkwell Ivybridge Jollyfoot Kettlewell Larkspur Lilypond Littlewhistle"
    " Marmalade Merriweather Mistletoe Moonbeam Mossgrove Nightingale Nutkin Pebblesworth Pennyfeather"
    " Periwinkle Picklethorn Pumpernickel Puddlefoot Quillfeather Rainwater Rosebottom Silverthimble Snapdragon"
    " Snickerby Sparrowhawke Starling Sugarplum Thistledown Tumbledown Underhill Whistledown Wigglesworth"
    " Willowby Wintergreen Woolsey Yarrowby"
)

FIRST_NAMES, LAST_NAMES = _FIRST.split(), _LAST.split()

# The American plan keeps 555-0100 to 555-0199 of every area code for fiction.
US_AREA_CODES = ("202", "212", "646", "917")
# Austria keeps no numbers for that: this block of 0660 looks real to a validator. No SMS leaves a demo.
AUSTRIAN_BLOCK = "4366000001"


def full_names(rng: random.Random) -> Iterator[str]:
    """Every pair of first and last name once, in the order of the seed."""
    pairs = [f"{first} {last}" for first in FIRST_NAMES for last in LAST_NAMES]
    rng.shuffle(pairs)
    return iter(pairs)


def austrian_phones() -> Iterator[str]:
    """E.164 digits without `+`."""
    return (f"{AUSTRIAN_BLOCK}{number:03}" for number in range(1000))


def american_phones() -> Iterator[str]:
    """E.164 digits without `+`."""
    return (f"1{area}55501{number:02}" for area in US_AREA_CODES for number in range(100))
