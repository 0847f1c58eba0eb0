"""The formats that texts may have, each as a pattern and, where a pattern is not enough, a check.

Sources: e-mail as HTML's ``input type=email`` (https://html.spec.whatwg.org/#valid-e-mail-address), URL
and IP addresses by RFC 3986, UUID by RFC 9562, telephone numbers by
ITU-T E.164, host names by RFC 1123, dates and times by ISO 8601, countries by ISO 3166-1, IBAN by ISO 13616
(the check digits by ISO 7064 mod 97-10).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import date, datetime

from attrs import frozen


@frozen
class TextFormat:
    """What a text must match, and what must hold beyond that; both are needed."""

    meaning: str
    pattern: str
    check: Callable[[str], bool] | None = None


_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_HOST = rf"{_LABEL}(?:\.{_LABEL})*"
_OCTET = r"(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
_IPV4 = rf"(?:{_OCTET}\.){{3}}{_OCTET}"
_PORT = r"(?:[0-9]{1,4}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5])"


def _ipv6() -> str:
    """The grammar of RFC 3986, section 3.2.2: up to k groups, ``::``, and what is left of eight."""
    group = "[0-9A-Fa-f]{1,4}"
    last = rf"(?:{group}:{group}|{_IPV4})"
    left = ["", *(rf"(?:(?:{group}:){{0,{k}}}{group})?" for k in range(7))]
    right = [*(rf"(?:{group}:){{{k}}}{last}" for k in range(5, 0, -1)), last, group, ""]
    shortened = (f"{before}::{after}" for before, after in zip(left, right, strict=True))
    return f"(?:{'|'.join([rf'(?:{group}:){{6}}{last}', *shortened])})"


_IPV6 = _ipv6()


def _codes(text: str) -> frozenset[str]:
    return frozenset(text.split())


_COUNTRIES_2 = _codes(
    "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT "
    "BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH "
    "ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT "
    "HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS "
    "LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI "
    "NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG "
    "SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG "
    "UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW"
)
_COUNTRIES_3 = _codes(
    "ABW AFG AGO AIA ALA ALB AND ARE ARG ARM ASM ATA ATF ATG AUS AUT AZE BDI BEL BEN BES BFA BGD BGR "
    "BHR BHS BIH BLM BLR BLZ BMU BOL BRA BRB BRN BTN BVT BWA CAF CAN CCK CHE CHL CHN CIV CMR COD COG "
    "COK COL COM CPV CRI CUB CUW CXR CYM CYP CZE DEU DJI DMA DNK DOM DZA ECU EGY ERI ESH ESP EST ETH "
    "FIN FJI FLK FRA FRO FSM GAB GBR GEO GGY GHA GIB GIN GLP GMB GNB GNQ GRC GRD GRL GTM GUF GUM GUY "
    "HKG HMD HND HRV HTI HUN IDN IMN IND IOT IRL IRN IRQ ISL ISR ITA JAM JEY JOR JPN KAZ KEN KGZ KHM "
    "KIR KNA KOR KWT LAO LBN LBR LBY LCA LIE LKA LSO LTU LUX LVA MAC MAF MAR MCO MDA MDG MDV MEX MHL "
    "MKD MLI MLT MMR MNE MNG MNP MOZ MRT MSR MTQ MUS MWI MYS MYT NAM NCL NER NFK NGA NIC NIU NLD NOR "
    "NPL NRU NZL OMN PAK PAN PCN PER PHL PLW PNG POL PRI PRK PRT PRY PSE PYF QAT REU ROU RUS RWA SAU "
    "SDN SEN SGP SGS SHN SJM SLB SLE SLV SMR SOM SPM SRB SSD STP SUR SVK SVN SWE SWZ SXM SYC SYR TCA "
    "TCD TGO THA TJK TKL TKM TLS TON TTO TUN TUR TUV TWN TZA UGA UKR UMI URY USA UZB VAT VCT VEN VGB "
    "VIR VNM VUT WLF WSM YEM ZAF ZMB ZWE"
)


def _parses(read: Callable[[str], object]) -> Callable[[str], bool]:
    def check(text: str) -> bool:
        try:
            read(text)
        except (ValueError, RecursionError):
            return False
        return True

    return check


def _read_json(text: str) -> object:
    """By RFC 8259, which knows no NaN and puts no end to the digits of a number."""
    return json.loads(text, parse_constant=_refuse, parse_int=float)


def _refuse(constant: str) -> object:
    raise ValueError(constant)


def _is_iban(text: str) -> bool:
    if text[:2] not in _COUNTRIES_2 | {"XK"}:  # Kosovo has IBANs and no code of its own
        return False
    moved = text[4:] + text[:4]
    return int("".join(str(int(character, 36)) for character in moved)) % 97 == 1  # ISO 7064


def _is_host(text: str) -> bool:
    return len(text) <= 253  # noqa: PLR2004  # RFC 1035, in text form


#: Every format by name.
FORMATS: Mapping[str, TextFormat] = {
    "email": TextFormat("an e-mail address", rf"^[A-Za-z0-9.!#$%&'*+/=?^_`{{|}}~-]+@{_HOST}$"),
    "url": TextFormat(
        "an address with http, https or ftp and a host",
        rf"^(?i:https?|ftp)://(?:[^\s/?#@]+@)?(?:{_HOST}|\[{_IPV6}\])(?::{_PORT})?(?:[/?#][^\s]*)?$",
    ),
    "uuid": TextFormat("a UUID with its dashes", r"^[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$"),
    "ipv4": TextFormat("an IPv4 address", f"^{_IPV4}$"),
    "ipv6": TextFormat("an IPv6 address", f"^{_IPV6}$"),
    "phone": TextFormat(
        "an international or national telephone number of 7 to 15 digits",
        r"^\+?\(?[0-9](?:[ .()/-]{0,3}[0-9]){6,14}$",
    ),
    "date": TextFormat("a day as 2024-01-31", r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$", _parses(date.fromisoformat)),
    "datetime": TextFormat(
        "a day and a time as 2024-01-31T12:00:00, with fraction and zone where wanted",
        r"^[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}"
        r"(?::[0-9]{2}(?:\.[0-9]{1,9})?)?(?:Z|[+-][0-9]{2}(?::?[0-9]{2})?)?$",
        _parses(datetime.fromisoformat),
    ),
    "json": TextFormat("a JSON document", r"(?s).", _parses(_read_json)),
    "hostname": TextFormat("the name of a host", rf"^{_HOST}$", _is_host),
    "country": TextFormat("a country code of two letters", r"^[A-Z]{2}$", _COUNTRIES_2.__contains__),
    "country3": TextFormat("a country code of three letters", r"^[A-Z]{3}$", _COUNTRIES_3.__contains__),
    "iban": TextFormat(
        "an IBAN without spaces", r"^[A-Z]{2}(?:0[2-9]|[1-8][0-9]|9[0-8])[A-Z0-9]{11,30}$", _is_iban
    ),
}
