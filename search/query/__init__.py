"""The query: what a person asked, to vectors, to hits, to a page."""

from search.query.answer import PAGE_SIZE, Answer, answer
from search.query.pictures import NoVector, remember_picture, remembered_picture
from search.query.query import Example, Malformed, Query, Sort
from search.query.vectors import NoAnswer, encoder_answers, vector_of
from search.query.words import Words

__all__ = [
    "PAGE_SIZE",
    "Answer",
    "Example",
    "Malformed",
    "NoAnswer",
    "NoVector",
    "Query",
    "Sort",
    "Words",
    "answer",
    "encoder_answers",
    "remember_picture",
    "remembered_picture",
    "vector_of",
]
