"""What customers of a shop write, in four languages: templates by language and intent, and what fills them.

Written for Gulliver. Of each list of templates the last two are held out: they make dev and test messages only, so that a
tuned model is asked about wordings it has never seen. `{p}` is a product, `{n}` a number of pieces, `{o}` an order's number.
"""

from collections.abc import Mapping

HELD_OUT = 2
LABELS = (
    "add_to_cart", "remove_from_cart", "search_product", "track_order", "cancel_order", "return_item", "ask_price",
    "contact_support",
)  # fmt: skip

PRODUCTS: Mapping[str, tuple[str, ...]] = {
    "en": ("wool socks", "a desk lamp", "the blue kettle", "phone case", "running shoes", "a yoga mat", "cat food", "the oak shelf"),
    "de": ("Wollsocken", "die Schreibtischlampe", "den blauen Wasserkocher", "Handyhülle", "Laufschuhe", "eine Yogamatte", "Katzenfutter", "das Eichenregal"),
    "fr": ("des chaussettes en laine", "la lampe de bureau", "la bouilloire bleue", "une coque", "les baskets", "un tapis de yoga", "des croquettes", "l'étagère en chêne"),
    "es": ("calcetines de lana", "la lámpara de mesa", "el hervidor azul", "una funda", "las zapatillas", "una esterilla", "comida para gatos", "la estantería de roble"),
}  # fmt: skip

TEMPLATES: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "en": {
        "add_to_cart": (
            "Please add {n} {p} to my cart.", "Put {p} in the basket", "I'd like to take {n} of {p}", "one more {p} for my cart pls",
            "I'll have {p} as well, {n} pieces", "throw in {p} before I check out",
        ),
        "remove_from_cart": (
            "Take {p} out of my cart.", "Remove {n} {p} from the basket", "I don't want {p} in my cart any more", "delete {p} from cart pls",
            "On second thought, leave {p} out before I pay", "my basket should have no {p} in it",
        ),
        "search_product": (
            "Do you sell {p}?", "Show me {p}", "I'm looking for {p}", "find {p} in red",
            "Which kinds of {p} have you got?", "anything like {p} in your shop?",
        ),
        "track_order": (
            "Where is my order {o}?", "Track order {o}", "When will {p} arrive?", "has {o} been shipped yet",
            "Still waiting for parcel {o}, how far is it?", "what day can I expect {o}",
        ),
        "cancel_order": (
            "Cancel order {o}.", "I want to cancel my order of {p}", "please stop order {o} before it ships", "cancel {o} pls",
            "I ordered {p} by mistake, call the whole thing off", "don't send {o}, I changed my mind",
        ),
        "return_item": (
            "I want to send {p} back.", "How do I return {p}?", "{p} from order {o} is broken, I'd like to return it", "return label for {o} pls",
            "{p} doesn't fit, take it back please", "what do I do to get my money back for {p} that came yesterday",
        ),
        "ask_price": (
            "How much is {p}?", "What does {p} cost?", "price of {n} {p}?", "is {p} on sale",
            "What would I pay for {n} of {p}?", "{p}: how expensive?",
        ),
        "contact_support": (
            "I want to speak to a person.", "Call me back about order {o}", "connect me with support", "is there a phone number for customer service",
            "Can a human look at this, please?", "nobody answers my mails about {o}, who can I talk to",
        ),
    },
    "de": {
        "add_to_cart": (
            "Bitte {n} {p} in den Warenkorb legen.", "Leg {p} in den Korb", "Ich nehme {n} mal {p}", "noch einmal {p} in den warenkorb",
            "{p} nehme ich auch noch, {n} Stück", "pack {p} noch dazu, dann bezahle ich",
        ),
        "remove_from_cart": (
            "Nimm {p} aus dem Warenkorb.", "Entferne {n} {p} aus dem Korb", "Ich will {p} nicht mehr im Warenkorb", "{p} bitte aus dem korb löschen",
            "Doch lieber ohne {p}, ich habe noch nicht bezahlt", "im Korb soll {p} nicht mehr liegen",
        ),
        "search_product": (
            "Verkaufen Sie {p}?", "Zeig mir {p}", "Ich suche {p}", "gibt es {p} auch in rot",
            "Welche Sorten {p} haben Sie?", "so etwas wie {p} im sortiment?",
        ),
        "track_order": (
            "Wo ist meine Bestellung {o}?", "Sendung {o} verfolgen", "Wann kommt {p} an?", "wurde {o} schon verschickt",
            "Ich warte noch auf Paket {o}, wie weit ist es?", "an welchem tag kommt {o}",
        ),
        "cancel_order": (
            "Bestellung {o} stornieren.", "Ich möchte meine Bestellung von {p} stornieren", "bitte {o} anhalten, bevor es verschickt wird", "storniere {o}",
            "{p} habe ich aus Versehen bestellt, bitte alles abblasen", "schickt {o} nicht los, ich habe es mir anders überlegt",
        ),
        "return_item": (
            "Ich möchte {p} zurückschicken.", "Wie gebe ich {p} zurück?", "{p} aus Bestellung {o} ist kaputt, ich will es zurückgeben", "rücksendeetikett für {o} bitte",
            "{p} passt nicht, nehmen Sie das bitte zurück", "wie bekomme ich mein geld wieder für {p} von gestern",
        ),
        "ask_price": (
            "Wie viel kostet {p}?", "Was kostet {p}?", "Preis für {n} {p}?", "ist {p} im angebot",
            "Was würde ich für {n} mal {p} bezahlen?", "{p}: wie teuer?",
        ),
        "contact_support": (
            "Ich möchte mit einem Menschen sprechen.", "Rufen Sie mich wegen {o} zurück", "verbinden Sie mich mit dem Kundendienst", "gibt es eine telefonnummer vom service",
            "Kann sich das bitte jemand persönlich ansehen?", "niemand antwortet auf meine mails zu {o}, mit wem kann ich reden",
        ),
    },
    "fr": {
        "add_to_cart": (
            "Ajoutez {n} fois {p} à mon panier.", "Mets {p} dans le panier", "Je prends {n} fois {p}", "encore {p} dans le panier svp",
            "Je prendrai aussi {p}, {n} pièces", "glissez {p} avec le reste avant que je paie",
        ),
        "remove_from_cart": (
            "Retirez {p} de mon panier.", "Enlève {n} fois {p} du panier", "Je ne veux plus {p} dans le panier", "supprime {p} du panier svp",
            "Finalement sans {p}, je n'ai pas encore payé", "mon panier ne doit plus contenir {p}",
        ),
        "search_product": (
            "Vendez-vous {p} ?", "Montre-moi {p}", "Je cherche {p}", "trouve {p} en rouge",
            "Quels modèles pour {p} avez-vous ?", "quelque chose comme {p} chez vous ?",
        ),
        "track_order": (
            "Où est ma commande {o} ?", "Suivre la commande {o}", "Quand arrive {p} ?", "est-ce que {o} est déjà partie",
            "J'attends toujours le colis {o}, où en est-il ?", "quel jour vais-je recevoir {o}",
        ),
        "cancel_order": (
            "Annulez la commande {o}.", "Je veux annuler ma commande de {p}", "merci d'arrêter {o} avant l'envoi", "annule {o} svp",
            "J'ai commandé {p} par erreur, laissez tout tomber", "n'envoyez pas {o}, j'ai changé d'avis",
        ),
        "return_item": (
            "Je veux renvoyer {p}.", "Comment retourner {p} ?", "{p} de la commande {o} est en panne, je veux le rendre", "étiquette de retour pour {o} svp",
            "{p} ne me va pas, reprenez-le s'il vous plaît", "comment être remboursé pour {p} reçu hier",
        ),
        "ask_price": (
            "Combien coûte {p} ?", "Quel est le prix pour {p} ?", "prix de {n} fois {p} ?", "est-ce que {p} est en promotion",
            "Je paierais combien pour {n} fois {p} ?", "{p} : c'est cher ?",
        ),
        "contact_support": (
            "Je veux parler à quelqu'un.", "Rappelez-moi au sujet de {o}", "mettez-moi en relation avec le service client", "y a-t-il un numéro de téléphone du service",
            "Une vraie personne peut-elle regarder cela ?", "personne ne répond à mes mails sur {o}, à qui m'adresser",
        ),
    },
    "es": {
        "add_to_cart": (
            "Añade {n} veces {p} a mi carrito.", "Pon {p} en la cesta", "Me llevo {n} de {p}", "otra vez {p} al carrito porfa",
            "También quiero {p}, {n} unidades", "mete {p} antes de que pague",
        ),
        "remove_from_cart": (
            "Quita {p} de mi carrito.", "Elimina {n} de {p} de la cesta", "Ya no quiero {p} en el carrito", "borra {p} del carrito porfa",
            "Mejor sin {p}, aún no he pagado", "mi cesta no debe llevar {p}",
        ),
        "search_product": (
            "¿Venden {p}?", "Enséñame {p}", "Estoy buscando {p}", "busca {p} en rojo",
            "¿Qué tipos de {p} tienen?", "¿algo parecido a {p} en la tienda?",
        ),
        "track_order": (
            "¿Dónde está mi pedido {o}?", "Seguir el pedido {o}", "¿Cuándo llega {p}?", "ya han enviado {o}",
            "Sigo esperando el paquete {o}, ¿por dónde va?", "qué día me llega {o}",
        ),
        "cancel_order": (
            "Cancela el pedido {o}.", "Quiero cancelar mi pedido de {p}", "por favor paren {o} antes del envío", "cancela {o} porfa",
            "Pedí {p} por error, déjenlo todo sin efecto", "no manden {o}, he cambiado de idea",
        ),
        "return_item": (
            "Quiero devolver {p}.", "¿Cómo devuelvo {p}?", "{p} del pedido {o} vino roto y quiero devolverlo", "etiqueta de devolución para {o} porfa",
            "{p} no me queda bien, recójanlo por favor", "cómo recupero el dinero por {p} que llegó ayer",
        ),
        "ask_price": (
            "¿Cuánto cuesta {p}?", "¿Qué precio tiene {p}?", "¿precio de {n} de {p}?", "está {p} de oferta",
            "¿Cuánto pagaría por {n} de {p}?", "{p}: ¿es caro?",
        ),
        "contact_support": (
            "Quiero hablar con una persona.", "Llámenme por el pedido {o}", "páseme con atención al cliente", "hay un teléfono de atención",
            "¿Puede mirarlo alguien de verdad?", "nadie contesta mis correos sobre {o}, con quién hablo",
        ),
    },
}  # fmt: skip
