"""The packages of the fresh tasks, pinned, with what is said of rights in each.

None of them gave a task of the examples or of development. Images are not passed on: the builder
fetches each package from its registry.
"""

from dataclasses import dataclass

from examples.rebuild.packages import Package


@dataclass(frozen=True)
class Origin:
    """A package with the licence of its images and the line of copyright that it carries."""

    package: Package
    licence: str
    rights: str


def _debian(name: str, version: str, sha256: str, *, licence: str, rights: str) -> Origin:
    return Origin(Package(name, version, sha256), licence, rights)


def _npm(name: str, version: str, sha256: str, *, licence: str, rights: str) -> Origin:
    return Origin(Package(name, version, sha256, "npm"), licence, rights)


ORIGINS: tuple[Origin, ...] = (
    _debian(
        "unicode-data",
        "15.1.0-1",
        "44d03e773a178dc46478b7b8348cd22ee856636138793cee26ff4d5050860995",
        licence="Unicode-3.0 (labels only)",
        rights="1991-2023 Unicode, Inc.",
    ),
    _debian(
        "fonts-arphic-uming",
        "0.2.20080216.2-11",
        "2676b21b90df94f23418610291b71b43720c95cdccb420b97ab56edfd3ce4cf5",
        licence="Arphic Public License",
        rights="1999 Arphic Technology Co., Ltd.",
    ),
    _debian(
        "fonts-nanum",
        "20200506-1",
        "5e86c346e6485b694e1f0ebd27132892fcf014d1b975de4fd21d1654ddf37043",
        licence="OFL-1.1",
        rights="2010 NAVER Corporation",
    ),
    _debian(
        "fonts-symbola",
        "2.60-2",
        "a773d7a853d88f4d34b4b5f314024b11cebaa3d536e410d8f80879d39d7c49f0",
        licence="free for any use",
        rights="2007-2015 George Douros",
    ),
    _debian(
        "pychess",
        "1.0.5-0.1",
        "13ae0da687e30b8c6cbbe58734542d35a6a0661bd327f6cc99e78c82b9ff10c3",
        licence="GPL-3+",
        rights="2006 Thomas Dybdahl Ahle",
    ),
    _debian(
        "kdegames-mahjongg-data-kf6",
        "4:25.04.0-1",
        "985d95b550081055d9550c932f89753bad714315fff9577c233355d52b6cd79a",
        licence="GPL-2.0-or-later",
        rights="1997 Mathias Mueller; 2006-2007 Eugene Trounev",
    ),
    _npm(
        "@rapideditor/mapillary_sprite_source",
        "1.8.0",
        "c45ded5696b2c15740398472a37c217d3a0a27a7642bda6b63de7b8cdd4d3efb",
        licence="MIT",
        rights="Mapillary AB and the Rapid editor's contributors",
    ),
    _debian(
        "breeze-cursor-theme",
        "4:6.3.5-1",
        "67fc2ce1ba48a51558a6c3396a2ad31d2f95de595cfd24eb09faa93d3df24ec5",
        licence="GPL-2+",
        rights="2015 David Edmundson and others",
    ),
    _debian(
        "dmz-cursor-theme",
        "0.4.5.2",
        "4dbbd42fdc3ec30be725b6994b0b428e69c575e01811f051851df679da3b6dfe",
        licence="CC-BY-SA-3.0",
        rights="2007-2010 Novell, Inc.",
    ),
    _debian(
        "oxygencursors",
        "0.0.2012-06-kde4.8-6",
        "1be98f85165f6dffa6020a3da15149a7954cb1a5b8f8c724715673553b63f1aa",
        licence="GPL-3+",
        rights="2007-2008 Riccardo Iaconelli",
    ),
    _debian(
        "chameleon-cursor-theme",
        "0.5-8",
        "baf2b6f7db258a19d529c020bfe691d996a9df024902c0fe2a827fc77781ec2a",
        licence="GPL-2+",
        rights="2006 Giuseppe Benigno",
    ),
    _debian(
        "crystalcursors",
        "1.1.1-14.1",
        "8a59ee5f4fd619941ca7e09172c625a267ed14b1093c7ad4634e8acb87e2a055",
        licence="LGPL-2",
        rights="2005 Marco Martin",
    ),
    _debian(
        "xcursor-themes",
        "1.0.5-1",
        "066d0c846ea571d69d160bc0b1f81f6991d93728b8b7cb7e581f7ad83e455756",
        licence="MIT",
        rights="1994-2003 The XFree86 Project; 2002 Keith Packard; 2003 Jorge Criado",
    ),
    _debian(
        "bibata-cursor-theme",
        "2.0.6-1",
        "9d12d3644a51000dbbc21bbf993b1e230f6b2e784f21f68365521bfc0da5e9ad",
        licence="GPL-3.0",
        rights="Abdulkaiz Khatri",
    ),
    _npm(
        "@phosphor-icons/core",
        "2.1.1",
        "313332be6190b724da24107addd781799b48bf76b13963f24501112ffe1baadd",
        licence="MIT",
        rights="2020-2024 Phosphor Icons",
    ),
    _npm(
        "@iconify-json/healthicons",
        "1.2.13",
        "4c2552c45737788a6599da3c5b72610c7fb4e7f87075d401c56fa16d487d4caf",
        licence="MIT",
        rights="Resolve to Save Lives",
    ),
    _npm(
        "@carbon/pictograms",
        "12.82.0",
        "04509c75e9759af7064a0817b04be09f4600147a43c8720b815034531ee2e548",
        licence="Apache-2.0",
        rights="IBM Corp.",
    ),
    _debian(
        "dia-common",
        "0.98+git20250126-2",
        "45f82a52e8a1314f28ebf5e6fbfbce2d645244a7579f093f1a04e3bd829e8fa4",
        licence="GPL-2",
        rights="1998-2000 Alexander Larsson and others",
    ),
    _debian(
        "dia-shapes",
        "0.6.0-5",
        "3bebab9e3aa8472a9ca69def1ed3e38d95afa079b71e70820be3ddc25b5423c1",
        licence="GPL-2",
        rights="2012 Steffen Macke and others",
    ),
    _debian(
        "fritzing-parts",
        "0.9.6~unreleased-1",
        "8d0c31fec612364967234c21fff02e220584396aefcf5745b7e00c907bdb3f0e",
        licence="CC-BY-SA-3.0",
        rights="2007-2013 University of Applied Sciences Potsdam and others",
    ),
    _debian(
        "tuxpaint-stamps-default",
        "2025.03.31-1",
        "6312d03a37d0220b10fc91a7467bf2a2a2336e08c2f416de04311d25fd7aeacb",
        licence="GPL-2",
        rights="2002-2022 Bill Kendrick and others",
    ),
    _debian(
        "mypaint-brushes",
        "2.0.2+ds1-2",
        "bf5dc731dd7a0d66b1b46e2647b8b8fdca9c3c4f6143f6302031e8f26fdbdc2e",
        licence="CC0-1.0",
        rights="2011-2013 Martin Renold, Ramón Miranda, Marcelo Cerviño and others",
    ),
    _debian(
        "crossfire-client-images",
        "1.70.0-2",
        "f75fe31f0b3c3ca733d7663874b14ab18927df629dcfb77906184ba0864ea57f",
        licence="GPL-2+",
        rights="1992-2012 Crossfire Development team",
    ),
    _debian(
        "cataclysm-dda-data",
        "0.H-1",
        "6b225d32b22197e1cf7449aea22027664fca63dccbfbcbcf1af4e3e03a4f2a1c",
        licence="CC-BY-SA-3.0",
        rights="Kevin Granade and the Cataclysm: DDA contributors",
    ),
    _debian(
        "widelands-data",
        "2:1.2.1-3",
        "afabc4f59c5af41da7d29b761418fd1a107d6a7ac0403221da66faf39a1c8c19",
        licence="GPL-2+",
        rights="2002-2019 the Widelands Development Team",
    ),
    _debian(
        "megaglest-data",
        "3.13.0-3",
        "ed4783d9fc78e201a548b266f7c30325eb16cfd58a20bf4597dd6e622f84a07e",
        licence="CC-BY-SA-3.0",
        rights="2001-2011 The Glest Team; 2010-2011 The MegaGlest Team",
    ),
    _debian(
        "freeorion-data",
        "0.5.1-2",
        "87ee53e32ecbb9323da2d6879dc18c3dadc0aa03cd06f0b9e2bd4a76a649fe0d",
        licence="CC-BY-SA-3.0",
        rights="The FreeOrion project",
    ),
    _debian(
        "naev-data",
        "0.8.2-1",
        "a98849cacdfc72779e03ceb68f32af03cb3c3f382ba8b82e3299ef87254b454d",
        licence="GPL-3+, CC-BY-SA-3.0 and others by file",
        rights="2005-2018 Edgar Simo-Serra and others",
    ),
    _debian(
        "hedgewars-data",
        "1.0.2-13",
        "97c0dd0148363ff7338c2e28f56cd77b66bd1d57a05f8ad6e90d3d3919e0971a",
        licence="GPL-2",
        rights="2004-2021 Andrey Korotaev and the Hedgewars contributors",
    ),
    _debian(
        "pingus-data",
        "0.7.6-6",
        "99376c1216283769a452ddb01b0104c48297414a2b39ac26f3966fda0ffd0cc4",
        licence="GPL-2+",
        rights="1999 and later Ingo Ruhnke",
    ),
    _debian(
        "stellarium-data",
        "24.3-1",
        "596652329b8881474076b0bbb8dd3558906b3a52fa3adb59cdddc858b02ce125",
        licence="GPL-2+, and by file as its documents say",
        rights="2002-2014 Fabien Chéreau and others",
    ),
    _debian(
        "kstars-data",
        "5:3.6.2-2",
        "f48e4a101ddab20f1cf35879c821f9fa2ca1b459c5ea78eef99555fe22cf35aa",
        licence="GPL-2+ (labels only; OpenNGC: CC-BY-SA-4.0)",
        rights="2008-2016 Akarsh Simha and others; OpenNGC: Mattia Verga",
    ),
    _debian(
        "sweethome3d-furniture",
        "1.8-1",
        "3ccb90c63f9525e887a767b9cd5c8b6933b8b6b2973a615a5359ee68a2118668",
        licence="CC-BY-3.0, CC0 (BlendSwap-CC-0)",
        rights="2010-2012 Scopia; 2003-2008 Kator and Legaz; the BlendSwap contributors",
    ),
)

PACKAGES: dict[str, Package] = {origin.package.name: origin.package for origin in ORIGINS}

#: Draws the SVG files: a program, no images. MPL-2.0, the resvg authors. x86-64 Linux only.
RESVG = Package(
    "resvg-cli",
    "0.44.0",
    "3d9aad83dc1e170ca74b0f388928d0a8b7c690ad3c99eb9f30925ded0268ae8e",
    kind="pypi",
)
