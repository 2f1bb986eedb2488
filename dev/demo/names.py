"""Names as people in Vienna and New York have them, in the scripts and with the marks they are written with."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

Sex = Literal["f", "m"]
# Of the larger communities: so many in a hundred have a double surname.
DOUBLE_SURNAMES = 0.05


@dataclass(frozen=True, slots=True)
class Community:
    """`weight` is its share among a city's patients. Where the family name comes first, it is written so."""

    weight: int
    women: str
    men: str
    families: str
    is_family_first: bool = False
    has_double_surnames: bool = False

    def name(self, sex: Sex, rng: random.Random) -> str:
        given = rng.choice((self.women if sex == "f" else self.men).split(","))
        family = rng.choice(self.families.split(","))
        if self.has_double_surnames and rng.random() < DOUBLE_SURNAMES:
            family = f"{family}-{rng.choice(self.families.split(','))}"
        separator = "" if given > "\u3000" else " "
        return separator.join((family, given) if self.is_family_first else (given, family))


_TURKISH = (
    "Ayşe,Elif,Zeynep,Fatma,Gülşen,Büşra,Özlem,Çiğdem,Hatice,Şule",
    "Mehmet,Mustafa,Emre,Çağlar,Yiğit,Ömer,Hüseyin,İbrahim,Şükrü,Burak",
    "Yılmaz,Öztürk,Şahin,Çelik,Aydın,Koç,Güneş,Doğan,Kılıç,Yıldırım,Özdemir,Arslan",
)
_VIETNAMESE = (
    "Thị Hương,Thu Hà,Ngọc Lan,Bích Thủy,Minh Châu,Kim Oanh,Thanh Tâm",
    "Văn Đức,Minh Tuấn,Quốc Bảo,Hữu Phước,Đình Long,Thanh Sơn",
    "Nguyễn,Trần,Lê,Phạm,Huỳnh,Đặng,Bùi,Võ",
)
_CHINESE = (
    "Mei Ling,Xiaoyan,Yun,Jing,Hui Min,Li Na,Xiu Ying,Wen",
    "Wei,Jian Guo,Haoran,Ming,Zhi Yuan,Jun,Kai,Bo Wen",
    "Chen,Wang,Li,Zhang,Liu,Lü,Huang,Zhao,Lin,Xu",
)
_ARABIC = (
    "Fatima,Amina,Layla,Noor,Yasmin,Rania,Hala,Salma",
    "Ahmad,Omar,Khalid,Yousef,Tariq,Hassan,Karim,Samir",
    "Al-Masri,Haddad,El-Sayed,Khoury,Al-Hussein,Nasser,Ben Salah,Abd El-Rahman",
)
_OWN_SCRIPT = (
    Community(1, "فاطمة,ليلى,مريم", "محمد,أحمد,يوسف", "الحسن,حداد,المصري,ناصر"),
    Community(1, "美玲,秀英,麗華", "偉明,志強,家豪", "陳,王,李,黃", is_family_first=True),
)
VIENNA = (
    Community(
        58,
        "Anna,Katharina,Maria,Elisabeth,Johanna,Magdalena,Theresa,Barbara,Gerlinde,Brigitte,Christine,Ingrid,Sabine,"
        "Ursula,Helga,Lena,Sophie,Valentina,Marlene,Hannah,Eva-Maria,Anna-Lena,Waltraud,Renate,Margarethe,Franziska",
        "Johann,Franz,Josef,Karl,Lukas,Florian,Maximilian,Thomas,Michael,Andreas,Gerhard,Günther,Jürgen,Helmut,Herbert,"
        "Stefan,Markus,Tobias,Jakob,Felix,Matthias,Leopold,Rüdiger,Walter,Hans-Peter,Karl-Heinz,Sebastian,Paul",
        "Gruber,Huber,Bauer,Wagner,Müller,Pichler,Steiner,Moser,Mayer,Hofer,Leitner,Berger,Fuchs,Eder,Fischer,Schmid,"
        "Winkler,Weber,Schwarz,Maier,Schneider,Reiter,Mayr,Schmidt,Wimmer,Egger,Brunner,Lang,Baumgartner,Auer,Binder,"
        "Lechner,Wolf,Wallner,Aigner,Ebner,Koller,Lehner,Haas,Schuster,Böhm,Kühnel,Grünwald,Hofstätter,Strauß,Weiß,"
        "Größing,Schönbauer,Mühlbacher,Zöchling,Jäger,Oberhuber,Prohaska,Swoboda,Novotny,Dvořák,Kratochwil,Nemeth",
        has_double_surnames=True,
    ),
    Community(
        14,
        "Marija,Jelena,Milica,Dragana,Snežana,Ljiljana,Ivana,Amra,Azra,Vesna",
        "Dragan,Zoran,Nikola,Miloš,Goran,Željko,Marko,Edin,Mirza,Slobodan",
        "Jovanović,Petrović,Marković,Nikolić,Đorđević,Ilić,Stanković,Hodžić,Hadžić,Kovačević,Horvat,Šarić",
    ),
    Community(10, *_TURKISH),
    Community(
        7,
        "Ágnes,Zsófia,Eszter,Zuzana,Agnieszka,Małgorzata,Ioana,Žofia",
        "László,György,István,Tomáš,Jiří,Paweł,Łukasz,Ștefan",
        "Szabó,Kovács,Tóth,Horváth,Nováková-Kern,Kowalska,Wiśniewski,Ionescu,Popescu,Černý",
    ),
    Community(4, *_ARABIC),
    Community(3, *_CHINESE),
    Community(2, *_VIETNAMESE, is_family_first=True),
    *_OWN_SCRIPT,
)
NEW_YORK = (
    Community(
        46,
        "Mary,Patricia,Jennifer,Linda,Barbara,Susan,Jessica,Sarah,Karen,Nancy,Lisa,Margaret,Sandra,Ashley,Emily,Donna,"
        "Michelle,Carol,Amanda,Deborah,Rachel,Kaitlyn,Siobhan,Aaliyah,Keisha,Imani,Mary-Kate,Jo-Ann",
        "James,Robert,John,Michael,David,William,Richard,Joseph,Thomas,Christopher,Daniel,Matthew,Anthony,Mark,Steven,"
        "Andrew,Kevin,Brian,Ryan,Darnell,Jamal,Tyrone,Vincent,Sean,Patrick,Jean-Paul",
        "Smith,Johnson,Williams,Brown,Jones,Miller,Davis,Wilson,Anderson,Taylor,Moore,Jackson,Martin,Thompson,White,"
        "Harris,Clark,Lewis,Robinson,Walker,Hall,Young,King,Wright,Scott,Green,Baker,Adams,Campbell,O'Brien,O'Connor,"
        "O'Sullivan,McCarthy,Fitzgerald,D'Angelo,D'Amico,Esposito,Russo,Romano,Caruso,Goldberg,Rosenthal,Weinstein,"
        "Kowalski,N'Diaye,St. John,Washington,Freeman",
        has_double_surnames=True,
    ),
    Community(
        20,
        "María,Sofía,Carmen,Guadalupe,Lucía,Yesenia,Ana Belén,Rocío,Inés,Begoña",
        "José,Luis,Ramón,Andrés,Joaquín,Ángel,Héctor,Iván,Miguel Ángel,Nicolás",
        "Rodríguez,Martínez,Hernández,López,González,Pérez,Sánchez,Ramírez,Núñez,Peña,Muñoz,Ordóñez,De la Cruz",
    ),
    Community(9, *_CHINESE),
    Community(
        7,
        "Priya,Anjali,Shabnam,Nusrat,Lakshmi,Sunita",
        "Rajesh,Arjun,Imran,Mohammed,Vikram,Sanjay",
        "Patel,Singh,D'Souza,Rahman,Chowdhury,Krishnamurthy,Kaur,Gupta",
    ),
    Community(5, "Olga,Svetlana,Irina,Natalya", "Boris,Dmitri,Yevgeny,Sergei", "Ivanov,Petrenko,Kuznetsov,Shevchenko"),
    Community(4, *_VIETNAMESE),
    Community(4, *_ARABIC),
    Community(3, *_TURKISH),
    *_OWN_SCRIPT,
)


def full_names(city: tuple[Community, ...], rng: random.Random, *, taken: set[str]) -> Iterator[tuple[str, Sex]]:
    """Names without end, none twice and none of `taken`, to which they are added."""
    weights = [community.weight for community in city]
    while True:
        sex: Sex = "f" if rng.random() < 0.53 else "m"
        name = rng.choices(city, weights)[0].name(sex, rng)
        if name not in taken:
            taken.add(name)
            yield name, sex
