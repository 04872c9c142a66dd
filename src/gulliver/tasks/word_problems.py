"""Worked word problems by the skill they take, for strategies that choose exemplars. Written for Gulliver; none is a
test item."""

from gulliver.tasks.base import Exemplar


def _worked(skill: str, question: str, rationale: str, answer: str) -> Exemplar:
    return Exemplar(question, answer, rationale, skills=skill)


BANK = (
    _worked(
        "percentages",
        "A shop has 80 lamps and sells 35% of them. How many lamps are left?",
        "35% of 80 lamps is 80 * 0.35 = 28 lamps. So 80 - 28 = 52 lamps are left.",
        "52",
    ),
    _worked(
        "percentages",
        "Rent of $600 goes up by 5%. What is the new rent for a whole year?",
        "The rise is 600 * 0.05 = 30 dollars. The new rent is 600 + 30 = 630 dollars. A year costs 630 * 12 = 7560 dollars.",
        "7560",
    ),
    _worked(
        "fractions",
        "Of 48 pupils, three quarters walk to school and a third of the others cycle. How many cycle?",
        "Walking are 48 * 3 / 4 = 36 pupils. The others are 48 - 36 = 12 pupils. Cycling are 12 / 3 = 4 pupils.",
        "4",
    ),
    _worked(
        "fractions",
        "Nina drinks half of a 6 litre can of water and then a third of what is left. How many litres are left?",
        "She first drinks 6 / 2 = 3 litres, so 6 - 3 = 3 litres are left. Then she drinks 3 / 3 = 1 litre, so 3 - 1 = 2 litres are left.",
        "2",
    ),
    _worked(
        "rates",
        "A pump fills 15 litres a minute. A tank of 900 litres already holds 300. How many minutes does it take to fill it?",
        "Missing are 900 - 300 = 600 litres. That takes 600 / 15 = 40 minutes.",
        "40",
    ),
    _worked(
        "rates",
        "A cyclist rides 18 km an hour for 3 hours and then 12 km an hour for 2 hours. How far does she ride?",
        "First she rides 18 * 3 = 54 km, then 12 * 2 = 24 km. Together that is 54 + 24 = 78 km.",
        "78",
    ),
    _worked(
        "wages",
        "Paul earns $12 an hour, and one and a half times that after 8 hours a day. What does he earn in a day of 10 hours?",
        "Eight hours pay 12 * 8 = 96 dollars. A further hour pays 12 * 1.5 = 18 dollars, and 10 - 8 = 2 of them pay 18 * 2 = 36 dollars. Together that is 96 + 36 = 132 dollars.",
        "132",
    ),
    _worked(
        "wages",
        "Rosa works 5 hours a day, 6 days a week, for $14 an hour. What does she earn in 3 weeks?",
        "A day pays 5 * 14 = 70 dollars. A week pays 70 * 6 = 420 dollars. Three weeks pay 420 * 3 = 1260 dollars.",
        "1260",
    ),
    _worked(
        "shopping",
        "Four pens at $3 each and two books at $11 each are paid with $50. How much change is there?",
        "The pens cost 4 * 3 = 12 dollars and the books 2 * 11 = 22 dollars. Together that is 12 + 22 = 34 dollars. The change is 50 - 34 = 16 dollars.",
        "16",
    ),
    _worked(
        "shopping",
        "Eggs cost $4 a dozen. How much do 60 eggs cost?",
        "60 eggs are 60 / 12 = 5 dozens. They cost 5 * 4 = 20 dollars.",
        "20",
    ),
    _worked(
        "profit",
        "A man buys 20 shirts at $9 each and sells them all at $15 each. He pays $25 for his stall. What is his profit?",
        "The shirts cost 20 * 9 = 180 dollars. With the stall that is 180 + 25 = 205 dollars. He takes 20 * 15 = 300 dollars. The profit is 300 - 205 = 95 dollars.",
        "95",
    ),
    _worked(
        "profit",
        "Honey costs a keeper $2 a jar. She sells 40 jars for $7 each. What does she gain?",
        "On each jar she gains 7 - 2 = 5 dollars. On 40 jars that is 5 * 40 = 200 dollars.",
        "200",
    ),
    _worked(
        "comparison",
        "Ben has 7 stamps more than Ada. Cleo has twice as many as Ben. Ada has 15. How many have they together?",
        "Ben has 15 + 7 = 22 stamps. Cleo has 22 * 2 = 44 stamps. Together that is 15 + 22 + 44 = 81 stamps.",
        "81",
    ),
    _worked(
        "comparison",
        "A red rope is 3 times as long as a blue one, and a green rope is 4 m shorter than the red one. The blue rope is 6 m long. How long is the green one?",
        "The red rope is 6 * 3 = 18 m long. The green rope is 18 - 4 = 14 m long.",
        "14",
    ),
    _worked(
        "ages",
        "Mia is 4 years older than Leo, who is half as old as their aunt. The aunt is 36. How old will Mia be in 5 years?",
        "Leo is 36 / 2 = 18 years old. Mia is 18 + 4 = 22 years old. In 5 years she will be 22 + 5 = 27.",
        "27",
    ),
    _worked(
        "ages",
        "Ten years ago a tree was 3 times as old as a bush that was 8 years old then. How old is the tree now?",
        "Ten years ago the tree was 8 * 3 = 24 years old. Now it is 24 + 10 = 34.",
        "34",
    ),
    _worked(
        "averages",
        "Three tests gave 70, 84 and 92 points. How many points must a fourth give for an average of 85?",
        "Four tests at 85 need 85 * 4 = 340 points. Three gave 70 + 84 + 92 = 246 points. The fourth must give 340 - 246 = 94 points.",
        "94",
    ),
    _worked(
        "averages",
        "A hen lays on average 5 eggs a week. How many eggs do 6 hens lay in 4 weeks?",
        "Six hens lay 5 * 6 = 30 eggs a week. In 4 weeks that is 30 * 4 = 120 eggs.",
        "120",
    ),
    _worked(
        "ratio",
        "Sand and cement are mixed 3 to 1. How many kg of sand are in 60 kg of the mix?",
        "The mix has 3 + 1 = 4 parts. A part is 60 / 4 = 15 kg. Sand is 15 * 3 = 45 kg.",
        "45",
    ),
    _worked(
        "ratio",
        "For every 2 cats in a village there are 5 dogs. There are 40 dogs. How many animals are there together?",
        "There are 40 / 5 = 8 groups. They hold 8 * 2 = 16 cats. Together that is 16 + 40 = 56 animals.",
        "56",
    ),
    _worked(
        "units",
        "A film lasts 2 hours and 15 minutes and a break 20 minutes. How many minutes is that in all?",
        "Two hours are 2 * 60 = 120 minutes. The film lasts 120 + 15 = 135 minutes. With the break that is 135 + 20 = 155 minutes.",
        "155",
    ),
    _worked(
        "units",
        "A baker uses 250 g of flour for a loaf. How many loaves do 9 kg make?",
        "9 kg are 9 * 1000 = 9000 g. They make 9000 / 250 = 36 loaves.",
        "36",
    ),
    _worked(
        "geometry",
        "A garden is 12 m long and 7 m wide. How many metres of fence go around it, if a gate of 2 m needs none?",
        "Length and width are 12 + 7 = 19 m. Around it are 19 * 2 = 38 m. Without the gate that is 38 - 2 = 36 m.",
        "36",
    ),
    _worked(
        "geometry",
        "Tiles of 1 square foot cover a floor of 9 feet by 8 feet. Tiles come in boxes of 12. How many boxes are needed?",
        "The floor has 9 * 8 = 72 square feet. That takes 72 / 12 = 6 boxes.",
        "6",
    ),
    _worked(
        "counting",
        "A farmer picks 24 apples, gives away 9 and packs the others in bags of 5. How many bags does he fill?",
        "Left are 24 - 9 = 15 apples. They fill 15 / 5 = 3 bags.",
        "3",
    ),
    _worked(
        "counting",
        "A train has 6 cars with 40 seats each. 187 seats are taken. How many are free?",
        "There are 6 * 40 = 240 seats. Free are 240 - 187 = 53 seats.",
        "53",
    ),
)
