"""Claims whose calls are made whenever a test makes them: no slot is missed."""

from dataclasses import replace

from wechat_subsidies.sender.claiming import Claim, claim

MCHID = "1900000001"


def unhurried_claims(*, limit: int = 9) -> list[Claim]:
    claims = claim(using="default", mchid=MCHID, limit=limit).claims
    return [replace(each, deadline=replace(each.deadline, slot=None)) for each in claims]
