"""What mock data is made of: for each hint in a field's name, values that such a field could have.

Hints are looked for in this order; the first that is part of the field's name counts. Addresses use the domain
and the telephone numbers that are reserved for examples (RFC 2606; Ofcom's drama numbers).
"""

STRINGS: dict[str, tuple[str, ...]] = {
    "email": ("ada@example.com", "grace@example.net", "alan@example.org", "katherine@example.com"),
    "phone": ("+441632960011", "+441632960123", "+447700900456"),
    "currency": ("EUR", "USD", "GBP", "SEK", "CHF"),
    "country": ("DE", "FR", "GB", "SE", "US", "NL"),
    "locale": ("en", "de", "fr", "sv", "nl"),
    "postal_code": ("10115", "75011", "SW1A 1AA", "111 22", "1012 AB"),
    "city": ("Berlin", "Paris", "London", "Stockholm", "Amsterdam", "Zürich"),
    "line1": ("12 Harbour Street", "Hauptstraße 7", "3 rue des Lilas", "Kungsgatan 44"),
    "line2": ("Flat 3", "2nd floor", "c/o Lovelace"),
    "sku": ("MUG-BLUE-04", "LAMP-OAK-11", "SOCK-RED-42", "TEA-GREEN-1", "BOOK-AVRO-2"),
    "title": ("Blue mug", "Oak lamp", "Red socks", "Green tea, 100 g", "A book about schemas"),
    "invoice_number": ("2026-000017", "2026-000412", "2026-001093"),
    "purchase_order": ("PO-7781", "PO-1203", "PO-9954"),
    "reference": ("ch_3Nf81k", "ch_9Qa02x", "tr_77Lm4p"),
    "changed_field": ("email", "phone", "addresses", "name", "marketing_consent"),
    "department": ("support", "warehouse", "accounting"),
    "rule": ("new_device", "address_mismatch", "many_orders", "unpaid_after_7_days"),
    "tag": ("summer", "first-order", "vip", "newsletter"),
    "url": ("https://shop.example.com/a", "https://shop.example.com/b"),
    "note": ("Please ring twice.", "Leave it with the neighbours.", "No hurry."),
    "message": ("Happy birthday!", "Enjoy.", "With love from all of us"),
    "recipient": ("Grace Hopper", "Alan Turing"),
    "name": ("Ada Lovelace", "Grace Hopper", "Alan Turing", "Katherine Johnson", "Jean Bartik"),
}
COUNTS: dict[str, tuple[int, int]] = {
    "quantity": (1, 5),
    "days": (7, 60),
    "points": (0, 5000),
    "_ms": (1_767_225_600_000, 1_798_761_599_999),
}
WORDS = ("alpha", "bravo", "home", "work", "spring", "campaign", "partner", "blue")
