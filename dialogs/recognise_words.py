"""Small closed classes of words that people answer with: courtesy, numbers, yes and no, in seven languages.

Everything is spelt as `dialogs.recognise` folds it: lower case, no accents, no apostrophes. The words of
the commands are not here; they are content.
"""

import re


def _words(listed: str) -> frozenset[str]:
    return frozenset(listed.split())


def _phrases(listed: str) -> tuple[str, ...]:
    return tuple(" ".join(each.split()) for each in listed.split(","))


COURTESY = _words("""
    please pls plz kindly thanks thank you thx bitte danke svp sil vous te plait merci por favor gracias per
    favore grazie alstublieft aub graag bedankt obrigado obrigada
""")

# Words that turn a sentence round.
DENIALS = _words("""
    not no never dont doesnt didnt cant cannot wont isnt wasnt arent without nor none nothing
    nicht kein keine keinen keinem nie niemals ohne nichts pas jamais sans rien nunca sin nada non mai senza
    niente niet geen nooit zonder niets nao sem
""")
# Words that take half of a yes back.
HEDGES = _words("but only sometimes partly aber nur manchmal teilweise mais parfois pero solo ma maar mas")

_YES = _phrases("""
    yes, yep, yeah, yup, yes it does, yes it did, sure, correct, works, it works, worked, it worked,
    that worked, ja, jep, jo, jawohl, klappt, es klappt, geht, es geht, funktioniert, es funktioniert, hat
    geklappt, oui, ouais, ca marche, si, claro, funciona, funziona, werkt, het werkt
""")
_NO = _phrases("""
    no, nope, nah, no it does not, no it doesnt, no it didnt, does not work, doesnt work, it does not work,
    it doesnt work, did not work, didnt work, not working, nein, nee, noe, geht nicht, es geht nicht,
    klappt nicht, funktioniert nicht, es funktioniert nicht, non, ca ne marche pas, no funciona, non funziona,
    werkt niet, het werkt niet, nao, nao funciona
""")
SIDES: dict[str, str] = {**dict.fromkeys(_YES, "yes"), **dict.fromkeys(_NO, "no")}
# Before another word these belong to it ("no idea", "no message", "si el mensaje ...").
DETERMINERS = _words("no non si")

# "2", "2.", "2)", "nr 2", "option 2", once punctuation is gone.
NUMBER = re.compile(
    r"(?:(?:nr|no|num|number|nummer|numero|option|opcion|opzione|optie|answer|antwort|choice) ?)?([0-9]{1,2})"
)

ARTICLES = _words("the der die das den dem le la les el il lo l de het o a os as")
COUNTED = _words("one ones option answer choice antwort auswahl opcion opzione optie")
LAST = _words("last letzte letzter letztes letzten dernier derniere ultimo ultima laatste")
_ORDINALS = """
    first 1st one erste erster erstes ersten eins premier premiere primero primera primo uno eerste een
    primeiro;
    second 2nd two zweite zweiter zweites zweiten zwei deuxieme deux segundo segunda dos secondo seconda
    tweede twee;
    third 3rd three dritte dritter drittes dritten drei troisieme trois tercero tercera tres terzo terza
    derde drie;
    fourth 4th four vierte vierter viertes vierten vier quatrieme quatre cuarto cuarta cuatro quarto
    quarta vierde;
    fifth 5th five funfte funfter funftes funften funf cinquieme cinq quinto quinta cinco cinque vijfde
    vijf;
    sixth 6th six sechste sechster sechstes sechsten sechs sixieme sexto sexta seis sesto sesta zesde
    zes;
    seventh 7th seven siebte siebter siebtes siebten sieben septieme sept septimo septima siete settimo
    zevende;
    eighth 8th eight achte achter achtes achten acht huitieme huit octavo octava ocho ottavo otto
    achtste oitavo
"""
ORDINALS: dict[str, int] = {
    word: place for place, line in enumerate(_ORDINALS.split(";"), start=1) for word in line.split()
}

# How a list of answers is taken apart: first by marks only (labels may hold an "and"), then by words too.
LISTS = (
    re.compile(r"[,;\n/&+]"),
    re.compile(r"[,;\n/&+]|\b(?:and|und|et|y|e|en)\b", re.IGNORECASE),
    re.compile(r"[\s,;/&+]+(?:(?:and|und|et|y|e|en)\s+)?", re.IGNORECASE),
)
