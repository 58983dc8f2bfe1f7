"""What a training step sees: the same again, twins together, and nothing wrong about a picture."""

from random import Random

import numpy as np
import pytest
import torch

from tests.support.sentences import group, scene_of
from workers.studio.backdrops import BACKDROPS
from workers.studio.pen import COLOURS, PATTERNS
from workers.studio.scenes import (
    FACTS,
    LEFT,
    ROLES,
    different_scenes,
    facts_of,
    facts_of_wish,
    is_held_out,
    is_of_one,
    is_taught,
    twin,
)
from workers.studio.things import KINDS
from workers.training import batches
from workers.training.batches import (
    GRID,
    QUESTIONS,
    Description,
    Drawings,
    Pairs,
    make_drawings,
    normalized,
    rows_of,
    sequences_of,
)
from workers.training.captioning import LocCaVocabulary
from workers.training.losses import NO_TARGET
from workers.training.tokens import token_ids, trained_tokenizer

COUNT, SIZE, SEED = 48, 16, 7
SCENE = scene_of(group("mug", "red", "striped"), group("hat", "blue"), relation=LEFT)
NAMES = [list(names) for names in (KINDS, COLOURS, PATTERNS, BACKDROPS, (1, 2, 3), ROLES)]


def numbered(count):
    """Pictures of two by two pixels, each as bright as its number."""
    return torch.arange(count, dtype=torch.uint8)[:, None, None, None].expand(count, 2, 2, 3)


def drawings_of(scenes, patches):
    return Drawings(scenes, numbered(len(scenes)), patches)


def drawings():
    rng = Random(1)
    firsts = different_scenes(COUNT // 2, rng)
    scenes = [scene for first in firsts for scene in (first, twin(first, rng))]
    groups = np.random.default_rng(1).integers(0, 3, (COUNT, GRID * GRID))
    most = np.array([len(scene.groups) for scene in scenes])[:, None]
    return drawings_of(scenes, torch.tensor(np.minimum(groups, most), dtype=torch.uint8))


DRAWINGS = drawings()
TOKENIZER = trained_tokenizer(DRAWINGS.texts())
VOCABULARY = LocCaVocabulary(len(TOKENIZER))


def batch_of(step=0, source=DRAWINGS, size=SIZE, seed=SEED):
    return source.batch(step, size, seed, TOKENIZER)


def rows_in(batch):
    """The numbers of the pictures."""
    return ((batch.pictures[:, 0, 0, 0] + 1) * 127.5).round().int().tolist()


def scenes_in(batch):
    return [DRAWINGS.scenes[row] for row in rows_in(batch)]


def tensors_of(batch):
    about, facts = batch.sequences, batch.facts
    return [
        *(batch.pictures, batch.token_ids, batch.matches, batch.answers),
        *(
            about.pictures,
            about.ids,
            about.targets,
            facts.of_pictures,
            facts.of_texts,
            facts.complete,
        ),
    ]


def same(one, other):
    pairs = zip(tensors_of(one), tensors_of(other), strict=True)
    return [torch.equal(a, b) for a, b in pairs]


# Which drawings ----------------------------------------------------------------------------------


def test_the_batch_of_a_step_is_the_same_again():
    assert all(same(batch_of(5), batch_of(5)))


@pytest.mark.parametrize("other", [{"step": 6}, {"step": 5, "seed": 8}])
def test_another_step_and_another_seed_have_other_pictures_and_texts(other):
    pictures, texts, *_ = same(batch_of(5), batch_of(**other))
    assert not pictures and not texts


def test_the_same_pictures_are_worded_otherwise_in_the_next_round():
    whole = [batch_of(step, size=COUNT) for step in (0, 1)]
    texts = [{tuple(ids) for ids in batch.token_ids[:COUNT].tolist()} for batch in whole]
    assert set(rows_in(whole[0])) == set(rows_in(whole[1])) and texts[0] != texts[1]


def test_twins_share_a_batch():
    rows = rows_in(batch_of(3))
    assert len(rows) == SIZE
    assert all(row ^ 1 in rows for row in rows)


@pytest.mark.parametrize("round_", [0, 4])
def test_each_round_uses_every_drawing_once(round_):
    steps = COUNT // SIZE
    rows = [row for i in range(steps) for row in rows_in(batch_of(round_ * steps + i))]
    assert sorted(rows) == list(range(COUNT))


def test_a_batch_shows_fewer_settings_than_as_many_scenes_by_chance():
    scenes = different_scenes(128, Random(3))
    twice = [each for scene in scenes for each in (scene, scene)]
    drawings = drawings_of(twice, torch.zeros(256, GRID * GRID, dtype=torch.uint8))
    batches = [rows_in(batch_of(step, drawings, 16)) for step in range(8)]
    settings = [len({twice[row].backdrop for row in rows}) for rows in batches]
    by_chance = [len({s.backdrop for s in scenes[i : i + 8]}) for i in range(0, 64, 8)]
    assert sum(settings) < 0.7 * sum(by_chance)


def test_each_round_is_shuffled_anew():
    first, second = ([rows_of(40, step + i, 4, 1) for i in range(10)] for step in (0, 10))
    assert sorted(map(sorted, first)) != sorted(map(sorted, second))


def test_what_does_not_fill_a_batch_waits_for_another_round():
    rows = rows_of(10, 0, 4, 1) + rows_of(10, 1, 4, 1)
    assert len(set(rows)) == 8
    later = {row for step in range(40) for row in rows_of(10, step, 4, 1)}
    assert later == set(range(10))


def test_a_batch_is_never_larger_than_all_there_is():
    assert sorted(rows_of(3, 9, 64, 1)) == [0, 1, 2]


def sorted_drawings(alone_until):
    """Those that begin with one thing alone come first, as `drawn` sorts them."""
    pairs = list(zip(DRAWINGS.scenes[::2], DRAWINGS.scenes[1::2], strict=True))
    pairs.sort(key=lambda pair: is_of_one(pair[0]), reverse=True)
    scenes = [scene for pair in pairs for scene in pair]
    return Drawings(scenes, DRAWINGS.pixels, DRAWINGS.patches, alone_until)


def of_one(source, step):
    """Of the scenes of a step, without their twins, which show one thing alone."""
    return [is_of_one(source.scenes[row]) for row in rows_in(batch_of(step, source, 4))[::2]]


def test_at_first_only_things_alone_are_shown():
    source = sorted_drawings(alone_until=20)
    assert all(all(of_one(source, step)) for step in range(20))
    assert not all(all(of_one(source, step)) for step in range(20, 30))


def test_drawings_begin_with_things_alone(monkeypatch):
    blank = np.zeros((60, 2, 2, 3), np.uint8), np.zeros((60, GRID, GRID), np.uint8)
    monkeypatch.setattr(batches, "squares", lambda *how, **more: blank)
    alone = list(map(is_of_one, make_drawings(60, 16, 3, quiet=True).scenes[::2]))
    assert alone == sorted(alone, reverse=True) and {*alone} == {True, False}


def test_pixels_become_numbers_around_zero():
    pixels = torch.tensor([0, 51, 255], dtype=torch.uint8).view(1, 1, 1, 3)
    assert normalized(pixels).flatten().tolist() == pytest.approx([-1, -0.6, 1])


def test_drawings_come_in_twos_and_show_nothing_held_out():
    drawings = make_drawings(6, 16, 3, quiet=True)
    assert drawings.pixels.shape == (6, 16, 16, 3) and drawings.patches.shape == (6, GRID * GRID)
    pairs = zip(drawings.scenes[::2], drawings.scenes[1::2], strict=True)
    assert all(one != other and len(one.groups) == len(other.groups) for one, other in pairs)
    assert not any(is_held_out(thing) for scene in drawings.scenes for thing in scene.things)


# Captions and queries ----------------------------------------------------------------------------


@pytest.fixture
def heard(monkeypatch):
    """All that is worded meanwhile, with its words."""
    captions, wished = [], []

    def caption(scene, rng, *, language="en", full=False):
        words = batches_caption(scene, rng, language=language, full=full)
        captions.append((scene, language, full, words))
        return words

    def wish_words(wish, rng=None, language="en"):
        words = batches_wish_words(wish, rng, language)
        wished.append((wish, words))
        return words

    batches_caption, batches_wish_words = batches.caption, batches.wish_words
    monkeypatch.setattr(batches, "caption", caption)
    monkeypatch.setattr(batches, "wish_words", wish_words)
    return captions, wished


def test_a_text_for_each_picture_and_then_the_wishes(heard):
    batch = batch_of(2)
    captions, wished = heard
    assert [scene for scene, *_ in captions[:SIZE]] == scenes_in(batch)
    texts = [*(words for *_, words in captions[:SIZE]), *(words for _, words in wished)]
    assert torch.equal(batch.token_ids, token_ids(TOKENIZER, texts))


def test_a_caption_matches_its_own_picture(heard):
    assert torch.equal(batch_of(2).matches[:SIZE], torch.eye(SIZE))


def test_a_wish_matches_all_pictures_that_it_fits(heard):
    batch = batch_of(2)
    fits = [[float(wish.fits(scene)) for scene in scenes_in(batch)] for wish, _ in heard[1]]
    assert batch.matches[SIZE:].tolist() == fits
    assert any(sum(row) > 1 for row in fits)


def test_captions_are_in_no_language_that_things_are_kept_from(heard):
    for step in range(6):
        batch_of(step)
    assert all(is_taught(scene, language) for scene, language, *_ in heard[0])
    assert len({language for _, language, *_ in heard[0]}) == 8


def test_regions_are_in_no_language_that_things_are_kept_from(monkeypatch):
    calls = []
    monkeypatch.setattr(batches, "region_words", lambda *how: calls.append(how) or "words")
    for step in range(6):
        batch_of(step)
    assert len(calls) > 30
    assert all(is_taught(scene_of(group), language) for group, language in calls)


# Facts and patches -------------------------------------------------------------------------------


def facts_in(rows):
    return [{FACTS[i] for i in row.nonzero().flatten()} for row in rows]


def test_the_facts_of_a_picture_are_those_of_its_scene():
    batch = batch_of(4)
    assert facts_in(batch.facts.of_pictures) == list(map(facts_of, scenes_in(batch)))


def test_a_text_names_the_facts_of_its_scene_or_wish(heard):
    batch = batch_of(4)
    wished = [facts_of_wish(wish) for wish, _ in heard[1]]
    assert facts_in(batch.facts.of_texts) == [*map(facts_of, scenes_in(batch)), *wished]


def test_what_a_caption_names_is_known_where_it_leaves_nothing_out(heard):
    batch = batch_of(4)
    full = [full for _, _, full, _ in heard[0][:SIZE]]
    assert batch.facts.complete[:SIZE].tolist() == full and {*full} == {True, False}
    assert batch.facts.complete[SIZE:].all()


def answered(scene, patches):
    """The answers of each patch, in words, of a batch of this scene alone."""
    batch = batch_of(0, drawings_of([scene, scene], torch.tensor([patches] * 2)), 2)
    return [
        [None if i == NO_TARGET else names[i] for i, names in zip(answer, NAMES, strict=True)]
        for answer in batch.answers[0].tolist()
    ]


def test_a_patch_is_asked_for_the_thing_or_else_for_the_setting():
    answers = answered(SCENE, [0, 1, 2] + [0] * (GRID * GRID - 3))
    assert answers[:3] == [
        [None, None, None, "on a beach", None, None],
        ["mug", "red", "striped", None, 1, "first"],
        ["hat", "blue", "plain", None, 1, "second"],
    ]


def test_each_drawing_has_its_own_answers():
    batch = batch_of(4)
    for row, answers in zip(rows_in(batch), batch.answers, strict=True):
        patches = DRAWINGS.patches[row].tolist()
        assert answers.shape == (GRID * GRID, len(QUESTIONS))
        scene = DRAWINGS.scenes[row]
        kinds = [NO_TARGET, *(NAMES[0].index(thing.kind) for thing in scene.things)]
        assert answers[:, 0].tolist() == [kinds[number] for number in patches]


# The captioner's sequences -----------------------------------------------------------------------

BOX = (0.0, 0.25, 0.5, 1.0)
PLACES = [VOCABULARY.place(x) for x in BOX]
WORDS = TOKENIZER("red mug").input_ids


def spelled(*sequences):
    """The ids and which of them are targets, without the padding."""
    made = sequences_of(list(sequences), TOKENIZER)
    assert made.pictures.tolist() == list(range(len(sequences)))
    return made.ids.tolist(), made.targets.tolist()


def test_a_caption_is_asked_for_after_its_task():
    ids, targets = spelled(Description("red mug"))
    assert ids == [[VOCABULARY.caption, *WORDS]]
    assert targets == [[False] + [True] * len(WORDS)]


def test_a_box_is_asked_for_after_the_words():
    ids, targets = spelled(Description("red mug", BOX))
    assert ids == [[VOCABULARY.refer, *WORDS, *PLACES]]
    assert targets == [[False] * (1 + len(WORDS)) + [True] * 4]


def test_words_are_asked_for_after_their_box():
    ids, targets = spelled(Description("red mug", BOX, box_first=True))
    assert ids == [[VOCABULARY.ground, *PLACES, *WORDS]]
    assert targets == [[False] * 5 + [True] * len(WORDS)]


def test_the_padding_is_not_asked_for():
    ids, targets = spelled(Description("red mug"), Description("red mug", BOX))
    assert ids[0] == [VOCABULARY.caption, *WORDS, 0, 0, 0, 0]
    assert targets[0] == [False] + [True] * len(WORDS) + [False] * 4


def block(number, rows, columns):
    """Patches that show this group in a rectangle and else nothing."""
    patches = torch.zeros(GRID, GRID, dtype=torch.uint8)
    patches[slice(*rows), slice(*columns)] = number
    return patches.flatten()


def sequences_about(scene, patches, steps=16):
    """Of many batches of this scene alone, the captioner's sequences, unpadded."""
    source = drawings_of([scene, scene], torch.stack([patches] * 2))
    made = [batch_of(step, source, 2).sequences for step in range(steps)]
    return [[i for i in ids.tolist() if i] for each in made for ids in each.ids]


def boxes_of(sequences):
    boxes = {tuple(ids[1:5]) for ids in sequences if ids[0] == VOCABULARY.ground}
    return boxes | {tuple(ids[-4:]) for ids in sequences if ids[0] == VOCABULARY.refer}


def test_all_three_tasks_are_given():
    sequences = sequences_about(scene_of(SCENE.groups[0]), block(1, (2, 5), (4, 7)))
    tasks = {VOCABULARY.caption, VOCABULARY.refer, VOCABULARY.ground}
    assert {ids[0] for ids in sequences} == tasks


def test_a_box_surrounds_the_patches_that_show_the_group():
    sequences = sequences_about(scene_of(SCENE.groups[0]), block(1, (2, 5), (4, 7)))
    assert boxes_of(sequences) == {tuple(map(VOCABULARY.place, (4 / 8, 2 / 8, 7 / 8, 5 / 8)))}


MUG_BOX, HAT_BOX = (
    [VOCABULARY.place(x) for x in box] for box in ((0, 0, 0.25, 1), (0.75, 0.875, 1, 1))
)
MUG_AND_HAT = block(1, (0, 8), (0, 2)) + block(2, (7, 8), (6, 8))


def test_each_group_has_its_own_box():
    sequences = sequences_about(SCENE, MUG_AND_HAT)
    assert boxes_of(sequences) == {tuple(MUG_BOX), tuple(HAT_BOX)}


def test_a_box_goes_with_the_words_for_its_group(monkeypatch):
    monkeypatch.setattr(batches, "region_words", lambda group, language: group.thing.kind)
    for ids in sequences_about(SCENE, MUG_AND_HAT):
        if ids[0] == VOCABULARY.ground:
            kind = "mug" if ids[1:5] == MUG_BOX else "hat"
            assert ids[5:] == TOKENIZER(kind).input_ids


def test_where_too_little_of_a_group_shows_no_box_is_told():
    sequences = sequences_about(SCENE, block(0, (0, 1), (0, 1)))
    assert {ids[0] for ids in sequences} == {VOCABULARY.caption}


def test_what_is_told_is_about_its_own_picture(heard):
    batch = batch_of(2)
    calls = [
        (scenes_in(batch).index(scene), TOKENIZER(words).input_ids)
        for scene, *_, words in heard[0][SIZE:]
    ]
    assert calls
    for row, words in calls:
        assert batch.sequences.ids[row, : 1 + len(words)].tolist() == [VOCABULARY.caption, *words]


# Pairs of a picture and its captions -------------------------------------------------------------


def pairs_of(*captions):
    return Pairs([list(each) for each in captions], numbered(len(captions)))


def test_each_picture_of_a_pair_comes_with_one_of_its_captions():
    captions = [["red mug", "a mug"], ["blue hat"], ["a book", "a red book"]]
    batch = batch_of(source=pairs_of(*captions), size=3)
    for ids, row in zip(batch.token_ids.tolist(), rows_in(batch), strict=True):
        assert ids in token_ids(TOKENIZER, captions[row]).tolist()
    assert torch.equal(batch.matches, torch.eye(3))


def test_equal_captions_fit_all_their_pictures():
    captions = [["red mug"], ["blue hat"], ["red mug"]]
    batch = batch_of(source=pairs_of(*captions), size=3)
    rows = rows_in(batch)
    fits = [[float(captions[a] == captions[b]) for b in rows] for a in rows]
    assert batch.matches.tolist() == fits


def test_a_caption_fits_each_picture_that_may_have_it():
    captions = [["red mug"], ["red mug", "a mug"]]
    batches_ = [batch_of(step, pairs_of(*captions), 2) for step in range(8)]
    fits = {tuple(map(tuple, batch.matches.tolist())) for batch in batches_}
    assert ((1.0, 1.0), (1.0, 1.0)) in fits
    assert len(fits) > 1


def test_of_pairs_nothing_is_known_but_their_captions():
    batch = batch_of(source=pairs_of(["red mug"], ["blue hat"]), size=2)
    assert batch.answers is None and batch.facts is None
    assert {ids[0] for ids in batch.sequences.ids.tolist()} == {VOCABULARY.caption}


def test_pairs_are_the_same_again_and_each_comes_once_in_a_round():
    source = pairs_of(*[[f"{kind} number one", kind] for kind in NAMES[0][:12]])
    one, again = (batch_of(3, source, 4) for _ in range(2))
    assert torch.equal(one.token_ids, again.token_ids) and rows_in(one) == rows_in(again)
    rows = [row for step in range(3) for row in rows_in(batch_of(step, source, 4))]
    assert sorted(rows) == list(range(12))


# The words of a vocabulary -----------------------------------------------------------------------


def test_the_vocabulary_is_that_of_all_scenes_or_pairs():
    assert len(DRAWINGS.texts()) == COUNT
    assert pairs_of(["red mug", "a mug"], ["hat"]).texts() == ["red mug", "a mug", "hat"]
