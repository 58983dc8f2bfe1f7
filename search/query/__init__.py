"""The query: what a person asked, to vectors, to hits, to a page."""

from search.query.answer import PAGE_SIZE, Answer, Hit, answer
from search.query.pictures import NoVector, remember_picture, remembered_picture
from search.query.query import Example, Malformed, Query, Sort
from search.query.vectors import NoAnswer, encode, encoder_answers
from search.query.words import Words

__all__ = [
    "PAGE_SIZE",
    "Answer",
    "Example",
    "Hit",
    "Malformed",
    "NoAnswer",
    "NoVector",
    "Query",
    "Sort",
    "Words",
    "answer",
    "encode",
    "encoder_answers",
    "remember_picture",
    "remembered_picture",
]
