"""Refusals: a code, its parameters, and the one sentence that a person reads.

A leaf without Django, which encoders and training use as well. Rows and children's answers carry
code and parameters; the sentence is made here, where it is shown, so that it can be said in another
language later.
"""

from collections.abc import Mapping
from typing import Any, Self

SENTENCES = {
    "text": "{text}",  # Of rows and programs from before there were codes.
    # Formats ---------------------------------------------------------------------------------
    "is_pdf": "This is a PDF, not a picture.",
    "is_postscript": "This is a PostScript drawing; please save it as PNG first.",
    "is_photoshop": "This is a Photoshop document; please save it as PNG or JPEG first.",
    "is_heic": "This is a HEIC picture; please save it as JPEG first.",
    "is_camera_raw": "This is a camera raw file; please save it as JPEG first.",
    "is_video": "This is a video, not a picture.",
    "is_sound": "This is a sound, not a picture.",
    "is_archive": "This is an archive, not a picture.",
    "is_companion_of_macos": "This is a companion file of macOS, not the picture itself.",
    "is_big_endian_bigtiff": "This is a BigTIFF in big-endian order, which can't be read yet; "
    "please save it as an ordinary TIFF first.",
    "is_another_picture": "This picture is in the format {name}; please save it as PNG first.",
    "is_jpeg_xl": "This is a JPEG XL picture; please save it as JPEG first.",
    "is_jpeg_2000": "This is a JPEG 2000 picture; please save it as JPEG first.",
    "is_icon": "This is an icon; please save it as PNG first.",
    "is_zip": "This is a ZIP archive, not a picture.",
    "is_web_page": "This is a web page, not a picture.",
    "is_svg": "This is an SVG drawing; please save it as PNG first.",
    "is_text": "This is text, not a picture.",
    "is_no_picture": "This is not a picture that can be read: {formats} or {last}.",
    "file_is_empty": "This file is empty.",
    "file_is_damaged": "This {format} file is damaged or incomplete.",
    "kind_not_read": "This {format} file is of a kind that can't be read yet; please save it as "
    "PNG or JPEG first.",
    "rows_missing": "This {format} file is incomplete: the last {missing:,} of its {rows:,} rows "
    "are missing.",
    "too_many_megapixels": "This picture has {megapixels:,.1f} megapixels; "
    "{allowed} are allowed in a file of type {format}.",
    "far_too_many_megapixels": "This picture has more than {at_least} megapixels; "
    "{allowed} are allowed in a file of type {format}.",
    "side_too_long": "This picture is {pixels:,} pixels long on one side; {allowed:,} are allowed.",
    "too_much_metadata": "This picture carries {megabytes:,.1f} MB of metadata; "
    "{allowed:g} MB are allowed.",
    "too_many_scans": "This JPEG has more than {allowed} scans, and would take too long to decode.",
    "too_many_pieces_of_metadata": "This picture carries more than {allowed:,} pieces of metadata.",
    "too_many_pieces": "This picture is stored in too many pieces: more than {allowed:,}.",
    "too_many_frames": "This animation has {frames:,} frames; {allowed} are allowed.",
    "decoding_takes_too_long": "This picture takes too long to decode.",
    "decoding_takes_too_much_memory": "This picture takes too much memory to decode.",
    "decoding_takes_megabytes": "Decoding this picture would take {megabytes:,.0f} MB of memory; "
    "{allowed:,.0f} are allowed. Please save it with fewer pixels, or as a JPEG that is not "
    "progressive.",
    "decoding_failed": "This picture can't be decoded.",
    "no_public_copy": "The original of a {format} picture is only for its owner and for staff: "
    "what it says beside its pixels can’t be taken out. The preview is for everyone.",
    "region_is_no_four_numbers": "A region is four numbers: left, top, width and height.",
    "region_too_small": "This region is too small: draw it larger.",
    "region_outside": "This region lies outside of the picture.",
    # Library ---------------------------------------------------------------------------------
    "too_many_bytes": "This file has {megabytes:,.1f} MB; {allowed:g} MB are allowed.",
    "disk_full": "The library’s disk is full, so nothing was stored: please tell whoever runs it,"
    " and try again once there is room.",
    "storage_away": "The storage could not be read.",
    "original_missing": "The original is missing from the storage.",
    "in_trash": "This file is in the trash since {since}, as “{title}”: restore it from there.",
    "version_is_current": "These are the very bytes of the original that it has.",
    "version_of_twin": "Its owner has this file in the library already, as another asset.",
    "version_meanwhile": "Somebody else has just replaced or deleted it: look again.",
    "is_version": "This file is version {number} of “{title}”, which has another original by now: "
    "go back to it there, or add it as a picture of its own.",
    "file_gone": "It has left the library meanwhile: please send the file again.",
    "no_document": "This is no document: a PDF, a picture or plain text, please.",
    # Query -----------------------------------------------------------------------------------
    "no_example": "This is neither an asset nor a query picture.",
    "no_asset": "This is no asset of the library.",
    "no_balance": "The balance of words and pictures is a number from 0 to 1.",
    "no_weight": "A weight is a number from {least:g} to {most}.",
    "no_switch": "A switch is 1, or it is left out.",
    "no_sort": "Hits can be sorted by {sorts}.",
    "no_date": "“{value}” is no date: write it as 2024-05-31, 2024-05 or 2024.",
    "no_year": "“{value}” is no year: write it as 2024.",
    "no_moment": "“{value}” is no moment: write it as 2024-05-31T14:05:00Z.",
    "no_such_label": "There is no label “{name}”.",
    "no_such_collection": "There is no collection “{name}”.",
    "no_such_owner": "Nobody here is called “{name}”.",
    "no_such_licence": "There is no licence “{name}”.",
    "filter_is_for_curators": "Only curators may ask by “{filter}”: it tells of what is hidden.",
    "no_such_choice": "“{value}” is no {filter}: choose {first} or {last}.",
    "only_labels_are_left_out": "“{part}”: only a label can be left out with a minus.",
    "or_between_unlike": "OR stands between two descriptions, or between two values of the same "
    "filter: “{part}” does not go with what stands before it.",
    "or_twice": "The values of “{name}” can be joined by OR in one place only.",
    "label_contradicts": "The label “{label}” is both asked for and left out.",
    "dates_contradict": "The dates contradict each other: nothing is both after and before them.",
    "no_encoder_serves": "No encoder serves yet.",
    "encoder_not_answering": "The encoder is not answering; please try again in a moment.",
    "example_not_embedded": "This asset is still being embedded; please try again in a moment.",
    "example_unreadable": "This picture can't be read: {reason}",
    "query_picture_gone": "This query picture is no longer kept; please choose it again.",
    "too_many_vectors": "You have searched for {most:,} different things within the hour; "
    "until it is over, only assets that mention your words are found.",
    "query_pictures_away": "Searching by a picture is resting; please try again in a minute.",
    "nothing_to_save": "There is nothing to save yet: search for something first.",
    "name_taken": "You have a saved search “{name}” already: choose another name.",
    "wanted_and_not_wanted": "What you want and what you do not want are the same.",
    # Matches and comparison ------------------------------------------------------------------
    "too_few_assets_to_calibrate": "{encoder} has embedded {assets} assets: there are no bands "
    "before {least}.",
    "can_not_be_judged": "Only a query in words, or by one whole picture, can be judged.",
    "too_few_encoders": "Comparing takes two encoders. Add another with “manage.py encoder add"
    " CHECKPOINT”: once it is ready, the two answer here side by side.",
    "encoder_can_not_answer": "An encoder has to be ready or serving to answer here: choose among"
    " those in the menu.",
    "two_or_three_encoders": "Choose two or three encoders in the menu.",
    # Evaluation ------------------------------------------------------------------------------
    "file_unreadable": "{name}: {reason}.",
    "file_refused": "{name}: {sentence}",
    "file_not_utf8": "{name} is no text in UTF-8.",
    "captions_damaged": "{name} is damaged, or not what its name says.",
    "captions_empty": "{name} holds no captions.",
    "several_datasets": "{folder} holds several sets: {names}. Leave one of them there.",
    "no_dataset_in_folder": "{folder} holds none of captions_val2017.json (COCO), "
    "dataset_flickr30k.json or dataset_coco.json (Karpathy's splits) and captions.jsonl "
    "(Crossmodal-3600).",
    "pictures_missing": "{folder} lacks {missing:,} of the {count:,} pictures that {name} names, "
    "{first} among them.",
    "too_few_classes": "{folder} needs at least {least} folders with pictures, a class each.",
    "template_without_place": "The template {template!r} has no {{}} where the class would stand.",
    "nothing_embedded": "No asset of the library has been embedded by {encoders} yet.",
    "assets_gone": "{count} assets have gone meanwhile; please try again.",
    "nothing_fits": "No hit of the {name} is said to fit: nothing can be measured on them.",
    "too_few_assets_for_recall": "Recall@{first} needs more than {first} assets; {encoder} has "
    "embedded {assets}.",
    "no_judgements": "{name} holds no judgements.",
    "column_missing": "{name} has no column {column}: its first line must name the columns query, "
    "asset and grade.",
    "bad_lines": "{lines}",
    "line_is_no_object": "{name}, line {line}: this is no JSON object.",
    "line_without_query": "there is no query",
    "line_without_asset": "there is no asset",
    "line_with_unknown_asset": "the library has no asset {name!r}",
    "line_with_ambiguous_asset": "{count} assets are called {name!r}: name one by its id",
    "grade_out_of_range": "a grade is a whole number from 0 to {highest}, not {text!r}",
    # Encoders --------------------------------------------------------------------------------
    "no_checkpoint": "There is no checkpoint {name}: it is neither a folder nor a hub id.",
    "no_checkpoint_file": "{name} is no checkpoint: it has no {file}.",
    "checkpoint_unreadable": "A file of {name} cannot be read: {reason}.",
    "checkpoint_file_damaged": "The {file} of {name} is damaged.",
    "checkpoint_with_code": "{name} wants code of its own to be run (auto_map), which Sightline"
    " never does: take a checkpoint without, such as {example}.",
    "unknown_model_type": "{name} is of the type {type}; Sightline takes SigLIP 2, SigLIP and"
    " CLIP, such as {example}.",
    "pictures_of_one_size": "{name} takes pictures of one size: only NaFlex encoders have a number"
    " of patches to set.",
    "patches_out_of_range": "A picture can't have {patches} patches: name a number from 1 to"
    " {most}.",
    "weights_as_pickle": "{name} has its weights as pickle only, which can run code when it is"
    " loaded: take a checkpoint with safetensors.",
    "checkpoint_changed": "The files in {name} are no longer those of revision {revision}: put them"
    " back, or add the folder as a new encoder.",
    "hub_away": "The hub cannot be reached to fetch {name}, and no copy is here: check the network,"
    " or name a local folder.",
    "no_revision_at_hub": "The hub has no revision {revision} of {name}.",
    "gated_at_hub": "The hub gives {name} only to accounts that were let in.",
    "no_checkpoint_at_hub": "The hub knows no checkpoint {name}, and there is no folder of that"
    " name.",
    "not_enough_memory": "There is not enough memory for {name}.",
    "weights_altered": "The weights of {name} have changed while they were in use: they are read"
    " anew.",
    "weights_damaged": "The weights of {name} are cut short or damaged.",
    "weights_of_other_shapes": "The weights of {name} have other shapes than its config.json says.",
    "weights_incomplete": "The weights of {name} lack {count} tensors, {first} among them.",
    "checkpoint_not_loadable": "{name} cannot be loaded: {reason}.",
    "tokenizer_not_loadable": "The tokenizer of {name} cannot be loaded: {reason}.",
    "tokenizer_without_padding": "The tokenizer of {name} has no padding token.",
    "vector_without_direction": "{name} gives a vector without a direction.",
    "vectors_of_other_length": "{name} gives vectors of {length} numbers and not of {dimensions}.",
    "vectors_not_of_length_one": "{name} gives vectors that are not of length one.",
    "texts_not_lower_cased": "{name} tells RED CAR from red car, which SigLIP 2 must not: its texts"
    " are not lower-cased.",
    "file_changed": "The file {file} of {name} has changed since it was added: put it back, or add"
    " the checkpoint as a new encoder.",
    "number_of_vectors_changed": "The vectors of {name} have changed since it was added (another"
    " number of {kind} or of dimensions): a library update or another file changed its meaning;"
    " undo that, or add it as a new encoder.",
    "vectors_changed": "The vectors of {name} have changed since it was added (cosine {cosine:.3f}"
    " for {probe}): a library update or another file changed its meaning; undo that, or add it as"
    " a new encoder.",
    "engine_missing": "{engine} can't be used here, so torch alone computes it: {reason}.",
    "engine_wrong": "{engine} computes other numbers here (cosine {cosine:.5f}), so torch"
    " alone computes it.",
    "engine_slow": "{engine} takes {times:.1f} times as long as torch here, so torch alone computes"
    " it.",
    "int8_without_instructions": "This processor has no instructions for products of 8 bits, so it"
    " is computed in single precision.",
    "int8_alone": "In 8 bits {checkpoint} is measured against itself in single precision: add it so"
    " first.",
    "int8_too_few_assets": "{encoder} has embedded {assets} pictures that can be read: at least"
    " {least} are needed to measure what 8 bits lose.",
    "int8_loses": "{checkpoint} loses too much in 8 bits here: its recall@10 of {kind} is"
    " {recall:.3f}, in fp32 {before:.3f}, and thresholds move by {moved:.2f}.",
    "int8_proof": "8 bits: recall@10 {recall:.3f}, in single precision {before:.3f} (by {kind}),"
    " {same:.0%} of the hits the same; thresholds moved by {moved:.2f} deviations",
    # Training --------------------------------------------------------------------------------
    "no_folder": "There is no folder {folder}.",
    "no_captions": "{folder} holds no captions: there should be a captions.jsonl or captions.csv"
    " with file and caption, or a .txt file beside each picture.",
    "no_caption_table": "{file} is no table of captions: a captions.jsonl or captions.csv with file"
    " and caption, or a .txt file beside each picture.",
    "not_utf8": "{file} cannot be read as UTF-8 text.",
    "unreadable_picture": "{name} cannot be read.",
    "too_few_captions": "{count} pictures have captions, and at least {fewest} are needed to learn"
    " from.",
    "captions_all_equal": "All captions are the same: there is nothing to be learned from them.",
    "too_few_readable_pictures": "{lost} of {count} pictures cannot be read: too few are left.",
    "no_readable_picture_to_measure": "None of the {count} pictures to be measured on can be read.",
    "naflex_not_trainable": "{name} takes pictures of any shape (NaFlex): only encoders of one"
    " picture size can be trained on.",
    "checkpoint_not_written": "The checkpoint could not be written: {reason}.",
    "not_enough_memory_for_batches": "There is not enough memory for batches of {batch}, and what"
    " was saved is kept.",
    "step_not_saved": "Step {step} could not be saved: {reason}; what was saved before is kept.",
    "first_step_not_saved": "Step {step} could not be saved: {reason}; nothing was saved before.",
    "saved_training_damaged": "{file} is damaged: begin anew in another folder.",
    "recipe_changed": "The run that is kept has {name} {before}, not {now}: resume it with what it"
    " was begun with.",
    "captions_changed": "The captions are no longer those that the run was begun with: begin anew"
    " in another folder.",
    "training_stopped": "Stopped after step {step} of {steps}, and saved.",
    "folder_not_writable": "{folder} cannot be written to: {reason}.",
    "folder_not_empty": "{folder} is not empty: name another folder with --out.",
    "folder_to_resume": "{folder} is not empty: go on with what is in it with --resume, or name"
    " another folder with --out.",
    "nothing_to_resume": "No training in {folder} was stopped: name its folder with --out.",
    "training_finished": "{folder} holds a training that has come to its end.",
    "towers_without_start": "--towers goes with --from: in a new encoder all is to be learned.",
    "start_without_data": "--from needs --data: the catalogue, or a folder with captions.",
    # Work: promises, requests and runs -------------------------------------------------------
    "no_slug": "{slug!r} is no slug: small letters, digits and hyphens, please.",
    "slug_is_taken": "There is an encoder named {slug} already.",
    "encoder_is_there": "{checkpoint} is there already: {encoder} is {state}.",
    "encoder_being_added": "{checkpoint} is being added by someone else.",
    "encoder_being_removed": "{encoder} is being removed: add it again once it is gone.",
    "encoder_not_ready": "{encoder} is {state}: only an encoder that is ready can serve.",
    "encoder_serves": "{encoder} serves, so it can't be {what}: promote another one first.",
    "encoder_serves_already": "{encoder} serves already.",
    "encoder_is_retired": "{encoder} is retired: add its checkpoint again first.",
    "encoder_is_retired_already": "{encoder} is retired already.",
    "nothing_serves": "No encoder serves: run manage.py encoder serve.",
    "no_query_worker": "No query worker answers.",
    "no_progress": "The {kind} that wait make no progress: is an ingest worker running?",
    "no_beat": "The beat has not gone round for ten minutes.",
    "no_trainer": "The trainings that wait make no progress: is a trainer running?",
    "picture_stops_worker": "The worker stopped {times} times while it worked on this picture.",
    "request_stops_worker": "The worker stopped {times} times while it loaded this; "
    "is there the memory?",
    "both_have": "{number} of its assets are of files that {heir} has too: delete them, or hand the"
    " account over to somebody else.",
    "departure_stops_worker": "The worker stopped {times} times while it handed this over.",
    "departure_failed": "It could not be ended: is it the last administrator’s? Please try again.",
    "request_killed": "It could not be loaded; is there the memory?",
    "request_superseded": "{checkpoint} is being added by another process.",
    "training_stops_worker": "The worker stopped {times} times while it trained; "
    "is there the memory?",
    "training_killed": "The training was killed; is there the memory? "
    "What was saved until then is kept.",
    "origin_removed": "{origin}, from which it was to start, has been removed.",
    "training_folder_exists": "{folder} is there already, and nothing is overwritten: "
    "move it away.",
    "training_folder_unwritable": "{folder} can't be written to: {reason}.",
}


class Refusal(Exception):
    """What can't be done, and why: one kind is one subclass, caught by who can mend it.

    `parameters` are values of JSON: they cross over to rows and from children.
    """

    def __init__(self, code: str, **parameters: Any) -> None:
        super().__init__(code, parameters)
        self.code, self.parameters = code, parameters

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Self:
        """The refusal that `as_json()` wrote."""
        return cls(row["code"], **row["parameters"])

    def as_json(self) -> dict[str, Any]:
        """Code and parameters, as a child process or a row carries them."""
        return {"code": self.code, "parameters": self.parameters}

    def __reduce__(self) -> Any:
        # Across the processes of a pool: by default the parameters would come back as a second
        # positional argument.
        return type(self).of, (self.as_json(),)

    def __str__(self) -> str:
        return sentence(self.code, self.parameters)


def sentence(code: str, parameters: Mapping[str, Any]) -> str:
    """What a person reads; nothing for no code. An unknown code is shown as it is: a newer worker
    may have written it.
    """
    return SENTENCES.get(code, code).format_map(parameters) if code else ""
