"""The made-up news of a made-up country, Karvia, and its capital, Ostrev."""

from dataclasses import dataclass, field

from newsroom.models import Kind

SECTIONS = [
    ("politics", "Politics", "Power in Karvia, and who answers for it."),
    ("economy", "Economy", "Prices, wages, and where the money goes."),
    ("society", "Society", "How people live, and what they put up with."),
    ("culture", "Culture", "Books, films, music, and the arguments about them."),
]
BREAD = """\
Month\tOfficial\tIn the shops
December\t18,0\t18,0
January\t18,1\t18,2
February\t18,1\t18,4
March\t18,2\t18,9
April\t18,2\t19,1
May\t18,3\t19,1
June\t18,3\t19,4
July\t18,4\t19,6
August\t18,4\t19,9
September\t18,5\t20,0
October\t18,5\t20,3
November\t18,6\t20,5"""  # as it is copied out of a spreadsheet
SERIES = (
    "Counted again",
    "Official numbers, and what comes out when somebody counts once more.",
)


@dataclass(frozen=True)
class Update:
    """Of a story that is live."""

    hours: float  # after it was published
    headline: str
    text: str
    is_key_point: bool = False


@dataclass(frozen=True)
class Story:
    section: str
    days_ago: float
    authors: list[int]  # places in people.AUTHORS
    headline: str
    deck: str
    text: list[str]
    quote: tuple[str, str] | None = None
    points: list[str] = field(default_factory=list)
    table: list[list[str]] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)
    wire: str = ""
    correction: str = ""
    embed: tuple[str, str] | None = None
    kind: str = Kind.NEWS
    chart: dict[str, str] | None = None
    updates: list[Update] = field(default_factory=list)
    part: int | None = None  # of the series


STORIES = [
    Story(
        "politics",
        0.3,
        [0],
        "Parliament votes to shorten its own sessions",
        "The chamber will sit 41 days a year. Deputies say committees do the real work; nobody publishes what committees do.",
        [
            "The Karvian parliament voted on Monday to meet on 41 days a year, down from 96. The bill passed its three readings in one afternoon, the last of them in eleven minutes.",
            "Its sponsors argue that debate belongs in committees. Committee minutes have not been published since 2021, and the public gallery of the committee wing has been closed for repairs since the same spring.",
            "Two deputies asked for the vote to be recorded by name. The speaker ruled that there was no time.",
        ],
        quote=(
            "We are not debating less. We are debating elsewhere.",
            "Deputy Arno Belsky, sponsor of the bill",
        ),
        tags=["parliament", "transparency"],
    ),
    Story(
        "politics",
        11,
        [5],
        "The list nobody wants to be on grows by nineteen names",
        "Four librarians, a choir and a youth hostel join the register of “undesirable” organisations.",
        [
            "The Justice Ministry added nineteen entries to its register last week. To work for a listed organisation, or to give to one, can bring up to six years in prison.",
            "Among the new names is a choir in the border town of Lesna. Its conductor learned of the decision from a neighbour. The ministry gives no reasons and hears no appeals in person.",
            "This newsroom has been on the register for three years. That is why some of our authors sign as the Night Desk.",
        ],
        points=[
            "19 new entries in one week",
            "212 in all since the register began",
            "0 removed so far",
        ],
        tags=["law", "press freedom"],
    ),
    Story(
        "politics",
        3.1,
        [0, 4],
        "How one district counted 104 per cent of its voters",
        "We compared the protocols of 1,120 polling stations. In 38 of them more people voted than live there.",
        [
            "The election commission publishes results by district, not by station. For six weeks readers photographed the protocols that hang, by law, on the doors of polling stations for one day. We typed in all of them.",
            "In most places the numbers add up. In 38 stations, all in the Upper Sava district, they do not: turnout reaches 104 per cent, and the round numbers come far too often.",
            "The commission answered our questions with a single sentence: the results are final.",
        ],
        table=[
            ["Station", "On the roll", "Votes counted"],
            ["Sava 14", "1,204", "1,251"],
            ["Sava 22", "988", "1,030"],
            ["Lesna 3", "640", "655"],
        ],
        tags=["elections", "data"],
        kind=Kind.ANALYSIS,
        part=2,
        correction="An earlier version gave the number of stations as 1,210. It is 1,120.",
    ),
    Story(
        "politics",
        6.5,
        [2],
        "A mayor is dismissed for answering the phone",
        "Ludmila Ferrer told a journalist when the water would be back. The governor calls it a breach of protocol.",
        [
            "When the pipes burst in Dolna, the mayor did what mayors do: she picked up the phone and said that water would return by Thursday. It returned on Wednesday.",
            "On Friday she was dismissed. The governor's order cites a rule that only the regional press office speaks to the media.",
            "About two hundred people came to the town hall with kettles. They stood for an hour, silently, and went home.",
        ],
        quote=("I would pick it up again.", "Ludmila Ferrer"),
        tags=["local government"],
    ),
    Story(
        "politics",
        1.2,
        [0],
        "The border opens for lorries, and for nobody else",
        "Freight crosses at Lesna again after two years. Families wait on both sides.",
        [
            "The first lorry in two years crossed the Lesna bridge at six in the morning, carrying onions. By noon there were forty.",
            "Passengers are not allowed. The agreement between the two governments runs to nine pages and does not contain the word “people”.",
            "On Sundays relatives gather at the railings, three hundred metres apart, and talk by phone while they look at each other.",
        ],
        wire="AFP contributed reporting",
        tags=["border"],
        kind=Kind.LIVE,
        updates=[
            Update(
                0.2,
                "The first lorry is on the bridge",
                "It carries onions, and it sounds its horn from one end to the other.",
                is_key_point=True,
            ),
            Update(
                1.5,
                "Forty across, two sent back",
                "One had no stamp.\n\nThe other had a stamp of the wrong colour. Its driver has "
                "gone to look for the right one.",
            ),
            Update(
                4,
                "“Goods only,” says the ministry",
                "We asked when people may cross. “The agreement is about goods only,” a spokesman "
                "says, and that this is no refusal.",
                is_key_point=True,
            ),
            Update(6.5, "", "The queue on our side is four kilometres long. Somebody sells tea."),
            Update(
                25,
                "The bridge stays open over the weekend",
                "Customs officers on both sides have been told to come in on Sunday.",
                is_key_point=True,
            ),
        ],
    ),
    Story(
        "politics",
        19,
        [5],
        "What is in the law that was passed at night",
        "Forty pages, published at 2 a.m., in force at 6. We read them so that you need not.",
        [
            "Between Saturday and Sunday the official gazette published a law on “the quiet of public space”. It came into force four hours later.",
            "It bans gatherings of more than five people that were not announced ten days before, loudspeakers, and, in an annex, carrying blank sheets of paper.",
            "Lawyers we asked believe the annex can't stand. None of them wanted to be named.",
        ],
        points=[
            "Five people are a gathering",
            "Ten days' notice",
            "Fines of up to three monthly wages",
        ],
        tags=["law"],
        kind=Kind.ANALYSIS,
    ),
    Story(
        "economy",
        0.8,
        [1],
        "Bread is 14 per cent dearer, says the office that says it isn't",
        "The statistics office has changed its basket. We kept the old one and did the shopping again.",
        [
            "Officially prices rose by 3.1 per cent over the year. The statistics office reached that figure with a new basket of goods, in which gym memberships weigh more than flour.[[Gym: 1.9 per cent of the basket. Flour: 0.7.]]",
            "We bought the old basket in eleven towns.[[Always on the second Tuesday of the month, in the shop nearest to the station. Where there were several loaves we took the cheapest.]] Bread costs 14 per cent more than a year ago, oil 22, and a winter coat for a child 31.",
            "The office says that comparisons with the past are of limited use.",
        ],
        table=[
            ["Goods", "A year ago", "Now"],
            ["Bread, 500 g", "18.0", "20.5"],
            ["Oil, 1 l", "41.0", "50.0"],
            ["Child's coat", "620", "812"],
        ],
        tags=["prices", "data"],
        part=3,
        chart={
            "title": "A loaf of bread, 500 g, in crowns",
            "kind": "line",
            "numbers": BREAD,
            "source": "Statistics office; our own shopping in eleven towns",
        },
    ),
    Story(
        "economy",
        2.4,
        [1, 2],
        "The railway sells its stations and rents them back",
        "Ostrev Central now belongs to a company with one employee.",
        [
            "The state railway has sold 23 stations to Terminal Invest, registered in March with a share capital of one thousand crowns. It has rented them back for thirty years.",
            "The rent adds up to four times the price. The railway says the sale brought urgently needed cash; it does not say for what.",
            "The company's only employee, whom we visited, is a notary's assistant. She asked us what a terminal was.",
        ],
        quote=("I sign what is put in front of me. Everybody does.", "the company's only employee"),
        tags=["railway", "investigation"],
    ),
    Story(
        "economy",
        5,
        [4],
        "Where the remittances go: a map of 90,000 parcels",
        "Karvians abroad send home less money and more medicine.",
        [
            "Three parcel services gave us the contents declared on 90,000 customs forms, without names. The picture they draw is of a country that lacks small things.",
            "Insulin needles, reading glasses and children's cough syrup lead the list. Five years ago it was led by telephones.",
            "Bank transfers have fallen by a third since banks must report them.",
        ],
        points=[
            "Needles: 11 per cent of all parcels",
            "Glasses: 9 per cent",
            "Telephones: 2 per cent, from 17",
        ],
        tags=["migration", "data"],
        part=1,
    ),
    Story(
        "economy",
        9,
        [1],
        "A dairy that pays farmers on time, and what became of it",
        "It took inspectors eleven visits to find something wrong: a missing fire bucket.",
        [
            "The cooperative dairy in Upper Sava pays within a week. Its competitor, which belongs to the governor's brother-in-law, pays within a year.",
            "Farmers changed sides. Then came the inspectors: hygiene, taxes, labour, hygiene again. On the eleventh visit they found that a fire bucket was missing.",
            "The dairy has been closed for ninety days. The farmers deliver at night, to a barn.",
        ],
        tags=["farming"],
    ),
    Story(
        "economy",
        15,
        [2],
        "The man who repairs everybody's boiler",
        "With imports gone, an engineer in Ostrev casts spare parts in his garage.",
        [
            "Pavel Drumov used to sell boilers. Since the makers left the country he makes their parts: gaskets from car tyres, valves from melted window frames.",
            "He has a waiting list until March and a rule: pensioners first, and officials last.",
            "He keeps each broken part in a labelled jar. “One day,” he says, “somebody will want to know how we did it.”",
        ],
        tags=["energy"],
        kind=Kind.FEATURE,
        embed=("https://video.example/boiler", "Pavel Drumov casts a valve (4 minutes)"),
    ),
    Story(
        "economy",
        23,
        [1],
        "Why your electricity bill now has two pages",
        "The second page is a donation you did not know you were making.",
        [
            "From this month every bill carries a “solidarity contribution”. It is voluntary, and it is already added.",
            "To take it off, customers must appear in person at an office that opens on Tuesdays from ten to eleven.",
            "We asked where the money goes. The utility referred us to the ministry, and the ministry to the utility.",
        ],
        tags=["energy", "prices"],
        kind=Kind.OPINION,
    ),
    Story(
        "society",
        0.6,
        [2],
        "The school where nobody has failed for seven years",
        "Teachers in Dolna must report success. So they do.",
        [
            "Every pupil of School No. 4 has passed every examination since 2019. Teachers describe how: the answers are read out, slowly, twice.",
            "A school with failures loses money; a teacher with failures loses her job. “We teach them a great deal,” says one. “We just don't examine it.”",
            "Parents have begun to pay the same teachers for lessons in the afternoon. There, pupils may fail.",
        ],
        quote=("In the afternoon they learn that an answer can be wrong.", "a teacher"),
        tags=["schools"],
    ),
    Story(
        "society",
        1.9,
        [4],
        "Ambulances by the numbers: minutes that a postcode costs",
        "In the centre they come in nine minutes. In Lower Ostrev they come in forty.",
        [
            "We asked volunteers to note the time between the call and the siren. They sent us 2,300 entries from 61 neighbourhoods.",
            "Where officials live, the median is nine minutes. Beyond the ring road it is forty, and in one case out of ten nobody came.",
            "The health department says that it has no such figures. It has them now.",
        ],
        table=[
            ["Neighbourhood", "Median minutes"],
            ["Centre", "9"],
            ["Riverside", "17"],
            ["Lower Ostrev", "40"],
        ],
        tags=["health", "data"],
    ),
    Story(
        "society",
        4.2,
        [5],
        "Letters from a building that officially does not exist",
        "Forty families live in a house that the city demolished on paper.",
        [
            "On the city's map there is a park at 8 Mill Street. In the city itself there is a house of five floors, with curtains and geraniums.",
            "It was written off in 2020, and the money for the demolition was spent. Since then no letter arrives, no meter is read and no child can be enrolled.",
            "The residents have put up a letter box of their own. They write to each other.",
        ],
        tags=["housing"],
    ),
    Story(
        "society",
        8,
        [2, 0],
        "A nurse, a driver, a clerk: who sorts the mail at night",
        "When the post office closed, three neighbours kept it going.",
        [
            "The post office in Brod was closed to save money. The mail still came, in a sack, twice a week, and lay in front of the door.",
            "So three people who work at night anyway began to carry it round. They know who is ill, who has moved, and who should not get a letter from the army before breakfast.",
            "It is, strictly speaking, a crime. The police get their mail from them too.",
        ],
        tags=["everyday life"],
    ),
    Story(
        "society",
        13,
        [5],
        "“You get used to whispering.” Five readers on talking at home",
        "We asked what you no longer say aloud. These are your answers.",
        [
            "“My daughter is six. She asked why we turn on the tap when uncle comes.”",
            "“We have a word for it, we say: the weather is changing.”",
            "“At my age I say what I think. But I say it to the dog.”",
        ],
        tags=["readers"],
    ),
    Story(
        "society",
        21,
        [4],
        "The quiet emigration of the choirmasters",
        "One in four has left since the register began. Their choirs sing on, conducted by telephone.",
        [
            "A choir needs a room, a voice and somebody who lifts a hand. In many towns the hand is now on a screen, leaning against a hymn book.",
            "The delay is the worst, says a singer in Lesna: half a second. They have learned to begin before they are told.",
            "The union of choirs counts 31 conductors abroad. It no longer counts those at home.",
        ],
        tags=["migration", "music"],
    ),
    Story(
        "culture",
        0.9,
        [3],
        "The novel that is copied by hand",
        "No printer dares to touch “The Salt Year”. So readers write it out, chapter by chapter.",
        [
            "Anna Reves finished her novel in spring. By summer every printer in the country had declined it, politely, by telephone.",
            "Then somebody copied the first chapter by hand and left it on a tram. Today there are, as far as we can count, more than six hundred copies, in as many handwritings.",
            "Some copyists have begun to improve the ending. The author does not mind.",
        ],
        quote=(
            "A book that somebody has written out is a book that somebody has read.",
            "Anna Reves",
        ),
        tags=["books"],
    ),
    Story(
        "culture",
        2.8,
        [3],
        "A festival without titles",
        "Films are shown unannounced, in kitchens. You learn what you have seen afterwards.",
        [
            "The Ostrev film festival was banned, so it has no programme. You get an address an hour before, and sit down among strangers.",
            "The film begins without titles. Afterwards there is soup, and somebody says who made it, if that can be said.",
            "We saw a comedy about a customs officer. It was the best film we know nothing about.",
        ],
        tags=["film"],
    ),
    Story(
        "culture",
        7.4,
        [3, 2],
        "The museum of things found in coat pockets",
        "A cloakroom attendant collected for thirty years. Now it is an exhibition.",
        [
            "Coats come without pockets emptied, and sometimes nobody comes back for the coat. Vera Lind kept what she found: tickets, a tooth, a love letter on a bus timetable.",
            "The exhibition hangs in the cloakroom of the opera, which is closed. You may hang up your coat; the attendant is there.",
            "The last pocket is empty and yours to fill.",
        ],
        tags=["museums"],
    ),
    Story(
        "culture",
        12,
        [3],
        "Why everyone in Ostrev is learning the accordion",
        "It is loud, it needs no electricity, and it was never forbidden.",
        [
            "The music school had four pupils for accordion last year. This year it has ninety, and a waiting list.",
            "Loudspeakers need a permit, guitars draw attention, and singing in a group is a gathering. An accordion, says the teacher, is a gathering of one.",
            "On Saturdays they practise by the river, forty of them, at a distance of six metres.",
        ],
        points=["4 pupils last year", "90 this year", "1 teacher"],
        tags=["music"],
    ),
    Story(
        "culture",
        17,
        [5],
        "The dictionary of words that mean something else now",
        "“Voluntary”, “quiet”, “temporary”: a reader's guide.",
        [
            "Temporary: since 2019. Voluntary: added to your bill. Quiet: see law.",
            "Repairs: closed. Technical reasons: reasons. A conversation: one person speaks.",
            "Send us yours. We print what we can, and keep the rest for later.",
        ],
        tags=["language"],
        kind=Kind.OPINION,
    ),
    Story(
        "culture",
        26,
        [3],
        "Ten records from a shop that sells only one",
        "Each week the owner puts a single record into the window. Regulars know what he means.",
        [
            "The shop on Bridge Street has one record for sale at a time. It stands in the window from Monday to Saturday.",
            "In the week of the election it was a recording of applause. In the week after, a blank groove.",
            "This week it is a lullaby. People stop, read the sleeve, and walk on a little more slowly.",
        ],
        tags=["music"],
        wire="With notes by two readers",
    ),
]
