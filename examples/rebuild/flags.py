"""National flags by continent."""

from collections.abc import Callable
from pathlib import Path

from PIL import Image

from examples.rebuild.drawing import Drawing, ExampleTask, on_ground, squared
from examples.rebuild.packages import Package

PACKAGE = Package(
    "iso-flags-png-320x240",
    "1.0.2-2",
    "991cd465a366c38713e5ef1409c279841f64ce1043f21c6f064cb4516787aba0",
)
SIZE = 64
# ISO 3166 codes. Territories that fly the flag of their state are left out.
CONTINENTS = {
    "africa": "ao bf bi bj bw cd cf cg ci cm cv dj dz eg er et ga gh gm gn gq gw ke km lr ls ly ma "
    "mg ml mr mu mw mz na ne ng rw sc sd sl sn so ss st sz td tg tn tz ug za zm zw",
    "americas": "ag ai ar aw bb bm bo br bs bz ca cl co cr cu cw dm do ec fk gd gl gt gy hn ht jm "
    "kn ky lc ms mx ni pa pe pr py sr sv sx tc tt us uy vc ve vg vi",
    "asia": "ae af am az bd bh bn bt cn ge hk id il in iq ir jo jp kg kh kp kr kw kz la lb lk mm "
    "mn mo mv my np om ph pk ps qa sa sg sy th tj tl tm tr tw uz vn ye",
    "europe": "ad al at ax ba be bg by ch cy cz de dk ee es fi fo fr gb gg gi gr hr hu ie im is it "
    "je li lt lu lv mc md me mk mt nl no pl pt ro rs ru se si sk sm ua va",
    "oceania": "as au ck fj fm gu ki mh mp nf nr nu nz pf pg pn pw sb to tv vu ws",
}


def _drawings(unpacked: Callable[[Package], Path]) -> list[Drawing]:
    folder = unpacked(PACKAGE) / "usr/share/iso-flags-png-320x240"
    drawings = []
    for continent, codes in CONTINENTS.items():
        for code in codes.split():
            with Image.open(folder / f"{code}.png") as image:
                drawings.append(Drawing(continent, code, squared(on_ground(image), SIZE)))
    return drawings


TASKS = (
    ExampleTask(
        name="flags_by_continent",
        family="flags",
        packages=(PACKAGE,),
        done=f"shrunk to {SIZE} px, on a white square; equal flags are left out",
        licence="public domain",
        attribution="Linux Mint flags, from Open Clip Art",
        notice="flags.txt",
        per_class=60,
        drawings=_drawings,
    ),
)
