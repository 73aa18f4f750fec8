"""The events that mean something to us. Others are kept and matched all the same."""

EVENTS: dict[str, str] = {
    "page_viewed": "a page of the website",
    "screen_viewed": "a screen of an app",
    "identified": "somebody told who they are",
    "grouped": "somebody told which company they belong to",
    "aliased": "an old id and a new one are the same person",
    "form_submitted": "a form on the website",
    "signed_up": "a new account of the product",
    "chat_started": "a chat on the website",
    "video_played": "a video",
    "email_sent": "marketing sent an email",
    "email_opened": "an email was opened (machines open them too)",
    "email_clicked": "a link in an email was followed",
    "email_unsubscribed": "no more emails, please",
    "content_downloaded": "a white paper, a price list",
    "webinar_attended": "a webinar",
    "call_touched": "a call by marketing",
    "linkedin_messaged": "a message on LinkedIn",
    "sales_email_logged": "an email by a representative",
    "sales_call_logged": "a call by a representative",
    "meeting_logged": "a meeting",
    "demo_logged": "a demo was given",
    "lead_created": "the CRM opened a lead",
    "opportunity_created": "the CRM opened a deal",
    "opportunity_closed": "a deal was won or lost",
}
"""Name → what it marks."""
