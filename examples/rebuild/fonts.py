"""The typefaces that letters are drawn with, all under the SIL Open Font Licence."""

from examples.rebuild.packages import Package

GFS_ARTEMISIA = Package(
    "fonts-gfs-artemisia",
    "1.1-6",
    "434a089684b7ae431e9a721751aca8f4359d9eefa284ed994e9d45414a4aad81",
)
GFS_BASKERVILLE = Package(
    "fonts-gfs-baskerville",
    "1.1-6",
    "81d6c2748c1da201dfe57d8d123a2f6042d0bb64c2e882dbebadce205f55a102",
)
GFS_BODONI_CLASSIC = Package(
    "fonts-gfs-bodoni-classic",
    "1.1-6",
    "7e8ac3f4e152eefa896f4296e1c3db844b3a33318fbff316046c5b0f64f69701",
)
GFS_COMPLUTUM = Package(
    "fonts-gfs-complutum",
    "1.1-7",
    "f1b58078fa13c3b8e930c918bd7a767f2e64798e18c08529da75a56e5b1e50d7",
)
GFS_DIDOT = Package(
    "fonts-gfs-didot",
    "1.1-7",
    "2addbd2cdb7d938878e8e7ccdf943004c55d1312a6a8ec5e07914a57246178db",
)
GFS_DIDOT_CLASSIC = Package(
    "fonts-gfs-didot-classic",
    "1.1-6",
    "d278d28913cf5dbf8bba9999c88d858ec7ceb75f7bc9389357babe4c99e83cbc",
)
GFS_GAZIS = Package(
    "fonts-gfs-gazis",
    "1.1-6",
    "1f1a33cd8e3aa4cbdee52fb2c61e593d9c75a7a31175d02d4ae7908d71c3ef7f",
)
GFS_NEOHELLENIC = Package(
    "fonts-gfs-neohellenic",
    "1.1-7",
    "41169eb825b0ea8264d997c6c14f2cbb17278b25984d19bbf753e71f558c14a3",
)
GFS_OLGA = Package(
    "fonts-gfs-olga",
    "1.1-6",
    "a66bfd9e2b7125122e4b1101e2995e1dd6c2348e4b48c3a60e9b80d8ce491207",
)
GFS_PORSON = Package(
    "fonts-gfs-porson",
    "1.1-7",
    "5421bc4e09a991cca083aa75e08a4b40475dad383cbf8c439829f6205cdba630",
)
GFS_SOLOMOS = Package(
    "fonts-gfs-solomos",
    "1.1-6",
    "092f1d038917ab8bad7211362c114cdc0b07727a60372d9b021a2c95b541845e",
)
GFS_THEOKRITOS = Package(
    "fonts-gfs-theokritos",
    "1.1-6",
    "e2a51c99c99ae455a70e978199303661bd01e6fcd07b365cf7926ff4c40ec543",
)
SIL_GALATIA = Package(
    "fonts-sil-galatia",
    "2.1-6",
    "c5b32c75dcd1882bbd5feaa8d6a815550bdaf0b92bfa0997ac2a4390c060fb60",
)
SIL_GENTIUMPLUS = Package(
    "fonts-sil-gentiumplus",
    "6.200-1",
    "14ac6f3a1cfb492902318f0cfa98a187aa132a99e715ea2f520c3729c824d539",
)
NOTO_CORE = Package(
    "fonts-noto-core",
    "20201225-2",
    "97978d09b68445fcf85342b106cd2e812d7813e3d5626f9884a5f344c3a55973",
)
CASCADIA_CODE = Package(
    "fonts-cascadia-code",
    "2407.24-1",
    "4b2e172088c773f401b72f3def1239f875219277ab682b11e89d77de7e7fd792",
)
REGGAE = Package(
    "fonts-reggae",
    "1.100-1",
    "c704fe7a528d66f01fe7a2036917de918ba65e718b48e910def0de5e6f03b221",
)
LATO = Package(
    "fonts-lato",
    "2.015-1",
    "0bd1c095d4646f51ce3e5c002df3cd322c0fbabf13c76a694a0360e1191221e8",
)
JUNICODE = Package(
    "fonts-junicode",
    "2.211+ds-1",
    "eefee2c1e4133df824ccab6ac13e8c436a43a244ef753a8cfe83270fb78bc94a",
)
LOBSTER = Package(
    "fonts-lobster",
    "2.0-2.1",
    "9379824d3f3bc44844aa07cb9ad4e6bfd99a785e34668c5dba410947b715dc1b",
)
SIL_GENTIUM_BASIC = Package(
    "fonts-sil-gentium-basic",
    "1.102-1.1",
    "fde97d080b4ed65e3575a40cd3cfead323cea7fa1069d812be2d43a1c20866ae",
)
YUSEI_MAGIC = Package(
    "fonts-yusei-magic",
    "1.000-20210130-2",
    "4030d34292e317ecc9dc10a68ae309a8c27ec93f256c058d248017b5051beede",
)
SIL_CHARIS = Package(
    "fonts-sil-charis",
    "6.200-1",
    "32dfad16433ca969f37b8ed0cda053b8493c50bab3310d973d2d89724902f45e",
)
OLDSTANDARD = Package(
    "fonts-oldstandard",
    "2.2really-4",
    "c8c240cf91654f9ae5357b123436612c05820259dd5569f1c090185cb2ec1fdd",
)
COMFORTAA = Package(
    "fonts-comfortaa",
    "3.001-4",
    "79ae5cf218d91f64dfa126e9ca08e3d693aff0a3f7070e028e3ba8c0da463d37",
)
FIRACODE = Package(
    "fonts-firacode",
    "6.2-2",
    "a69952a1556e7635d029b35dbc903593a3b78cbd39d3899bf0c4fdfbc8d55245",
)
INTER = Package(
    "fonts-inter",
    "4.1+ds-1",
    "a4dbb3dc2f8b012a881cd2be5b39e14b779a69dc9c1688eb15a8ea13f33fcb96",
)
MONTSERRAT = Package(
    "fonts-montserrat",
    "7.222-3",
    "a81478bf74ed431d488f5954ba8bece10b17bdfafc24590a7048b283dcbd40f1",
)
VOLLKORN = Package(
    "fonts-vollkorn",
    "4.105-3",
    "5bafff3a1c7d3c0e15222f89e7546e6bc56d0a27f7afaf34855c2ee8666be7dd",
)
JURA = Package(
    "fonts-jura",
    "5.103-4",
    "546194edde49b207a7417b51e57dedf14c97a0e292e0405ae581ff50b2e7f8cc",
)
LINUXLIBERTINE = Package(
    "fonts-linuxlibertine",
    "5.3.0-6",
    "5c77471e910189b3e4e2eda2b1c5f549ddcaf4de8f9640b97773643970d29087",
)
CANTARELL = Package(
    "fonts-cantarell",
    "0.303.1-4",
    "21f8160696cd2b51ac104e735fd63d0e2245cd84cf75f17919f1425dce4ea258",
)
FANTASQUE_SANS = Package(
    "fonts-fantasque-sans",
    "1.8.0+git20220316+dfsg-2",
    "0a36f7dbdccea21715c096f1c78ec231636aa7c7ec36262e6254fe9a0d1904d1",
)
SIL_ANDIKA = Package(
    "fonts-sil-andika",
    "6.200-1",
    "084159e15916a979c55e5a6c76d7ada1936aba3779944759041204cb4b928e1a",
)
EBGARAMOND = Package(
    "fonts-ebgaramond",
    "0.016+git20210310.42d4f9f2-1",
    "2780e32df19b909823425b3e21c2f2f2a1717bbdd96f33fc59a252a308903fa2",
)
TRIOD_POSTNAJA = Package(
    "fonts-triod-postnaja",
    "20130809-2",
    "fd7e32d3405db4f2c0ddaf5db2c9935ec543b590e7b781fe1e76eda770b6949e",
)
MONONOKI = Package(
    "fonts-mononoki",
    "1.6+dfsg-2",
    "747996b8cf2d0f0dbb3695b4c6ee215b9e57c721ce669e810c9b073b8a1400bf",
)

# Package -> font files. No typeface of the test part of the Cyrillic capitals is used elsewhere.
Typefaces = dict[Package, tuple[str, ...]]
GREEK: Typefaces = {
    GFS_ARTEMISIA: ("GFSArtemisia.otf", "GFSArtemisiaBold.otf", "GFSArtemisiaIt.otf"),
    GFS_BASKERVILLE: ("GFSBaskerville.otf",),
    GFS_BODONI_CLASSIC: ("GFSBodoniClassic.otf",),
    GFS_COMPLUTUM: ("GFSPolyglot.otf",),
    GFS_DIDOT: ("GFSDidot.otf", "GFSDidotBold.otf", "GFSDidotItalic.otf"),
    GFS_DIDOT_CLASSIC: ("GFSDidotClassic.otf",),
    GFS_GAZIS: ("GFSGazis.otf",),
    GFS_NEOHELLENIC: ("GFSNeohellenic.otf", "GFSNeohellenicBold.otf", "GFSNeohellenicIt.otf"),
    GFS_OLGA: ("GFSOlga.otf",),
    GFS_PORSON: ("GFSPorson.otf",),
    GFS_SOLOMOS: ("GFSSolomos.otf",),
    GFS_THEOKRITOS: ("GFSTheokritos.otf",),
    SIL_GALATIA: ("GalSILR.ttf", "GalSILB.ttf"),
    SIL_GENTIUMPLUS: ("GentiumPlus-Regular.ttf", "GentiumPlus-Italic.ttf", "GentiumPlus-Bold.ttf"),
    NOTO_CORE: (
        "NotoSans-Regular.ttf",
        "NotoSans-Bold.ttf",
        "NotoSerif-Regular.ttf",
        "NotoSerif-BoldItalic.ttf",
    ),
    CASCADIA_CODE: ("CascadiaMono.ttf",),
    REGGAE: ("ReggaeOne-Regular.ttf",),
}
LATIN: Typefaces = {
    LATO: ("Lato-Regular.ttf", "Lato-Italic.ttf", "Lato-BlackItalic.ttf", "Lato-Light.ttf"),
    JUNICODE: ("Junicode-Regular.otf", "Junicode-Bold.otf", "Junicode-Cond.otf"),
    LOBSTER: ("lobster.otf",),
    SIL_GENTIUM_BASIC: ("GenBasR.ttf", "GenBasI.ttf", "GenBasB.ttf"),
    YUSEI_MAGIC: ("YuseiMagic-Regular.ttf",),
    NOTO_CORE: ("NotoSans-Italic.ttf", "NotoSerif-Italic.ttf", "NotoSerifDisplay-Bold.ttf"),
    GFS_THEOKRITOS: ("GFSTheokritos.otf",),
    GFS_NEOHELLENIC: ("GFSNeohellenic.otf",),
    CASCADIA_CODE: ("CascadiaCodeItalic.ttf",),
    REGGAE: ("ReggaeOne-Regular.ttf",),
}
CYRILLIC_TRAIN: Typefaces = {
    NOTO_CORE: (
        "NotoSans-Regular.ttf",
        "NotoSans-BoldItalic.ttf",
        "NotoSerif-Regular.ttf",
        "NotoSerif-Bold.ttf",
    ),
    LATO: ("Lato-Regular.ttf", "Lato-BlackItalic.ttf"),
    SIL_CHARIS: ("CharisSIL-Regular.ttf", "CharisSIL-Italic.ttf"),
    OLDSTANDARD: ("OldStandard-Regular.ttf", "OldStandard-Italic.ttf"),
    COMFORTAA: ("Comfortaa-Regular.ttf",),
    FIRACODE: ("FiraCode-Bold.ttf",),
    INTER: ("Inter-Regular.otf",),
    REGGAE: ("ReggaeOne-Regular.ttf",),
}
CYRILLIC_TEST: Typefaces = {
    MONTSERRAT: ("Montserrat-Regular.otf", "Montserrat-BlackItalic.otf"),
    VOLLKORN: ("Vollkorn-Regular.ttf", "Vollkorn-Italic.ttf"),
    JURA: ("Jura-Regular.otf",),
    LINUXLIBERTINE: ("LinLibertine_R.otf", "LinBiolinum_RB.otf"),
    CANTARELL: ("Cantarell-VF.otf",),
    FANTASQUE_SANS: ("FantasqueSansMono-Regular.otf",),
    SIL_ANDIKA: ("Andika-Regular.ttf", "Andika-BoldItalic.ttf"),
    EBGARAMOND: ("EBGaramond12-Regular.otf", "EBGaramond12-Italic.otf"),
    TRIOD_POSTNAJA: ("TriodPostnaja.ttf",),
    MONONOKI: ("mononoki-Bold.ttf",),
}
