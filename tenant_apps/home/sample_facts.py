"""What the sample building is made of: names, mills, and what such a building costs in a year."""

from __future__ import annotations

from django.utils.translation import gettext_noop

NAME = gettext_noop("Acacia Court (sample)")
ADDRESS = gettext_noop("12 Akakion Street, 115 24 Athens")
FLOORS = range(6)
DOORS = "ABCD"
# By door, from the ground floor up; 24 apartments, 1000 mills.
MILLS = ((46, 38, 44, 37), *[(46, 38, 44, 39)] * 5)
AREAS = (92, 76, 88, 78)

OWNERS = (
    ("Eleni", "Papadaki"), ("Nikos", "Georgiou"), ("Maria", "Nikolaidi"), ("Giorgos", "Vlachos"),
    ("Katerina", "Karra"), ("Dimitris", "Antoniou"), ("Sofia", "Makri"), ("Yannis", "Petrou"),
    ("Anna", "Dimou"), ("Kostas", "Lekkas"), ("Vasiliki", "Sarri"), ("Thanos", "Rigas"),
    ("Despina", "Kouri"), ("Michalis", "Stavrou"), ("Ioanna", "Pappa"), ("Petros", "Zervas"),
    ("Christina", "Mela"), ("Stelios", "Fotiou"), ("Danae", "Vergi"), ("Alexis", "Tsoukas"),
    ("Irini", "Kalogeri"), ("Panos", "Drakos"), ("Lydia", "Xenou"), ("Markos", "Sideris"),
)  # fmt: skip
# The apartments (by their place, from 0) that are let, and to whom.
TENANTS = {
    1: ("Aris", "Nomikos"), 4: ("Myrto", "Vasilaki"), 6: ("Tom", "Becker"), 9: ("Zoe", "Lambrou"),
    13: ("Filippos", "Kanaris"), 15: ("Clara", "Moreau"), 18: ("Orestis", "Galanis"),
    20: ("Nadia", "Petrova"), 22: ("Elias", "Roussos"),
}  # fmt: skip
# Who of them signs in by themselves, in the sample.
OWNERS_WITH_ACCESS = (0, 2, 5, 8, 11, 14, 17, 23)
TENANTS_WITH_ACCESS = (1, 4, 9, 18)
# Who pays only now and then, and who always pays a little more.
SLOW, GENEROUS = frozenset({7, 16}), frozenset({3})

# (month → cents); a year's bills of a building with a lift and central heating.
ELECTRICITY = (14210, 13680, 12240, 10470, 9120, 9840, 11960, 12410, 9930, 9580, 11240, 13350)
HEATING = (148_030, 132_760, 96_540, 41_220, 0, 0, 0, 0, 0, 22_870, 84_610, 139_950)
FIRST_RESERVE, RESERVE = 360_000, 20_000
CLEANING, LIFT, MANAGEMENT = 18_000, 6_820, 12_000
WATER = (0, 16_340, 0, 14_890, 0, 15_770, 0, 19_020, 0, 15_110, 0, 14_460)
# month → (category, description, cents, paid by, whose)
ONCE = {
    2: ("lift", gettext_noop("Yearly inspection of the lift"), 24_800, "owner", "mills"),
    3: ("insurance", gettext_noop("Fire and earthquake insurance"), 86_400, "owner", "mills"),
    5: ("maintenance", gettext_noop("Waterproofing of the roof"), 212_500, "owner", "mills"),
    9: ("maintenance", gettext_noop("Burner service before winter"), 19_850, "tenant", "equal"),
    10: (
        "maintenance",
        gettext_noop("Leak behind the ground floor's wall"),
        14_330,
        "owner",
        "chosen",
    ),
}

# By whom (an apartment's place, None for the desk), category, priority, title, description, moves.
REQUESTS = (
    (0, "lift", "high", gettext_noop("The lift stops between floors"),
     gettext_noop("Twice this week, between the second and the third floor."), ()),
    (8, "plumbing", "normal", gettext_noop("Water stain on the bathroom ceiling"),
     gettext_noop("It has grown since Monday. Somebody is at home every afternoon."), ()),
    (4, "noise", "low", gettext_noop("Music late at night on weekdays"), "", ()),
    (None, "electrical", "normal", gettext_noop("Two lamps out in the stairwell"),
     gettext_noop("Third and fourth floor."), ("in_progress",)),
    (None, "cleaning", "low", gettext_noop("Leaves in the courtyard's drain"), "",
     ("in_progress", "resolved")),
)  # fmt: skip

ANNOUNCEMENTS = (
    (gettext_noop("General meeting on the first Thursday of next month"),
     gettext_noop("At seven in the entrance hall. On the agenda: the façade, and costs."), True, 2),
    (gettext_noop("Water is off on Tuesday from nine to noon"),
     gettext_noop("The water company replaces the main valve. Keep some water ready."), False, 9),
)  # fmt: skip

QUESTION = gettext_noop("Shall we renew the façade next spring?")
QUESTION_IN_FULL = gettext_noop("The offer of 48,000 euros is with the manager. By mills.")
ANSWERS = (gettext_noop("Yes"), gettext_noop("No"), gettext_noop("Ask for another offer"))
# Which apartment's owner has answered what, so far.
BALLOTS = {0: 0, 2: 0, 5: 1, 8: 2, 11: 0}
