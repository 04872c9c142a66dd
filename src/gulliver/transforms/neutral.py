"""Texts that no task is about, for the parity check: what a change should not take away. Written for Gulliver."""

from gulliver.models.base import Message

TEXTS = (
    "The harbour was quiet that morning. Two fishermen mended a net on the quay, and a grey cat slept on a coil of rope "
    "beside them. When the ferry came in, an hour late, nobody looked up except the boy who sold newspapers.",
    "def mean(values):\n    total = 0.0\n    for value in values:\n        total += value\n    return total / len(values)\n\n\n"
    "def variance(values):\n    centre = mean(values)\n    return mean([(value - centre) ** 2 for value in values])\n",
    "Water boils at a lower temperature on a mountain than at the sea, because the air above presses less on it. That is "
    "why an egg needs more time there: the water around it is hot, but not as hot as in the valley.",
    "Monday, Tuesday, Wednesday, Thursday, Friday, Saturday, Sunday. 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12. "
    "2 + 2 = 4, 3 + 5 = 8, 10 - 7 = 3, 6 x 7 = 42.",
    "Le train part à huit heures. Nous avons encore le temps de prendre un café. Der Zug fährt um acht Uhr ab, und wir "
    "haben noch Zeit für einen Kaffee. El tren sale a las ocho y todavía tenemos tiempo para un café.",
)

CONVERSATIONS: tuple[tuple[Message, ...], ...] = (
    (Message("user", "What is the capital of Italy?"), Message("assistant", "The capital of Italy is Rome.")),
    (
        Message("system", "You answer in one short sentence."),
        Message("user", "Why is the sky blue?"),
        Message("assistant", "Air scatters blue light more than red light."),
        Message("user", "And why is the sunset red?"),
        Message("assistant", "The light then comes a longer way through the air, which takes the blue out of it."),
    ),
    (
        Message("user", "Write a line of Python that prints the numbers from 1 to 5."),
        Message("assistant", "for number in range(1, 6):\n    print(number)"),
    ),
)
