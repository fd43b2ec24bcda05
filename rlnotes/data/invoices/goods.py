"""What is sold: invented products with a price range, a unit and a code."""

from dataclasses import dataclass

import numpy as np

from rlnotes.data.invoices.draws import chance, digits, pick, split_phrases, whole

_SHOP_GOODS = split_phrases("""
PAPER CLIP BOX 33MM,120,480|GLUE STICK 21G,190,590|LED BULB 9W WARM,590,1590
RUBBER SLIPPER SIZE 8,890,2490|CHICKEN RICE SET,750,1450|TEH TARIK,180,350
COTTON MOP HEAD,690,1890|PVC TAPE BLACK,150,420|BATTERY AA 4S,590,1290
COCONUT BUN,150,320|FISH BALL NOODLE,690,1190|STEEL NAIL 2.5IN,250,690
EXTENSION CORD 3M,1590,3990|PAINT BRUSH 2IN,290,890|ICED LEMON TEA,220,480
MINERAL WATER 1.5L,140,260|SHAMPOO 340ML,890,1990|PHOTO FRAME 6R,790,1890
EXERCISE BOOK 80PG,130,290|GARDEN HOSE 10M,2190,4990|CURRY PUFF,120,220
TOOTHBRUSH SOFT,350,990|DOOR LOCK SET,2890,8990|VITAMIN C 60S,1990,5990
A4 PAPER 70GSM,990,1490|CABLE TIE 8IN 100S,350,890|NOODLE SOUP BOWL,600,990
TOWEL 27X54,1290,2990|GIFT WRAP ROLL,180,450|CHILI SAUCE 500G,320,690
""")
_FIRM_GOODS = split_phrases("""
Steel shelf 200 x 80,Stahlregal 200 x 80,8900,24900|Maintenance visit,Wartungspauschale,9500,48000
Toner cartridge black,Tonerkartusche schwarz,3990,9900|Office chair model K,Drehstuhl K,12900,39900
Cardboard box 40 l,Faltkarton 40 l,95,340|Consulting hour,Beratungsstunde,7800,16500
Server hosting,Serverbetrieb je Monat,2900,29000|Copper pipe 22 mm,Kupferrohr 22 mm,690,1890
Printed leaflet A5,Faltblatt A5,9,45|Transport within region,Transport regional,4500,19000
Safety gloves pair,Schutzhandschuhe Paar,390,1290|Network cable 5 m,Netzwerkkabel 5 m,390,1490
Lawn seed 10 kg,Rasensamen 10 kg,3900,8900|Drill bit set,Bohrersatz,2490,8900
Software licence year,Softwarelizenz Jahr,9900,89000|Cleaning of windows,Fensterreinigung,6900,24000
Oak board 18 mm,Eichenplatte 18 mm,2900,9900|Coffee beans 1 kg,Kaffeebohnen 1 kg,1190,2690
Pressure gauge 10 bar,Manometer 10 bar,1890,6900|Training day,Schulungstag,59000,139000
""")


@dataclass(frozen=True)
class Product:
    """One thing for sale.

    Attributes:
        description: as printed.
        code: article number or barcode.
        price: cents for one unit.
        quantity: thousandths of a unit.
    """

    description: str
    code: str
    price: int
    quantity: int


def _tidy(cents: int, step: int) -> int:
    return max(step, cents // step * step)


def draw_shop_goods(generator: np.random.Generator, count: int) -> list[Product]:
    """Products of a shop; few are bought more than once."""
    found = []
    for _ in range(count):
        name, low, high = pick(generator, _SHOP_GOODS).split(",")
        quantity = 1 if chance(generator, 0.68) else whole(generator, 2, 12)
        found.append(
            Product(
                description=name,
                code=digits(generator, pick(generator, (6, 8, 13))),
                price=_tidy(whole(generator, int(low), int(high)), 10),
                quantity=1000 * quantity,
            )
        )
    return found


def draw_firm_goods(generator: np.random.Generator, count: int, *, german: bool) -> list[Product]:
    """Products and services of a firm, in German or in English."""
    found = []
    for _ in range(count):
        english, local, low, high = pick(generator, _FIRM_GOODS).split(",")
        cheap = int(high) < 2000
        quantity = 1000 * whole(generator, 1, 400 if cheap else 12)
        if not cheap and chance(generator, 0.12):
            quantity += pick(generator, (250, 500, 750))
        found.append(
            Product(
                description=local if german else english,
                code=f"{pick(generator, 'ABKMRT')}{digits(generator, 5)}",
                price=whole(generator, int(low), int(high)),
                quantity=quantity,
            )
        )
    return found
