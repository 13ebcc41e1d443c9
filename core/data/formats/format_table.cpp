// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/data/dataset_importer.h"

#include "core/data/formats/arena_battles.h"
#include "core/data/formats/autoj.h"
#include "core/data/formats/dialogue_completion.h"
#include "core/data/formats/hh_dialogue.h"
#include "core/data/formats/hhh_alignment.h"
#include "core/data/formats/implicit_prompt.h"
#include "core/data/formats/label_studio.h"
#include "core/data/formats/labelled_responses.h"
#include "core/data/formats/llm_comparator.h"
#include "core/data/formats/llmbar.h"
#include "core/data/formats/pandalm.h"
#include "core/data/formats/plain_text.h"
#include "core/data/formats/preference_annotations.h"
#include "core/data/formats/preference_pairs.h"
#include "core/data/formats/prompt_completion.h"
#include "core/data/formats/prompt_only.h"
#include "core/data/formats/question_pairs.h"
#include "core/data/formats/ranked_answers.h"
#include "core/data/formats/rated_completions.h"
#include "core/data/formats/reddit_answers.h"
#include "core/data/formats/rm_bench.h"
#include "core/data/formats/safer_responses.h"
#include "core/data/formats/sharegpt_pairs.h"
#include "core/data/formats/summarize_comparisons.h"
#include "core/data/formats/token_ids.h"
#include "core/data/formats/webgpt_comparisons.h"
#include "core/data/formats/whole_messages.h"

namespace mpo {

std::span<const DatasetFormat> datasetFormats()
{
    // The more a format asks for, the earlier it stands.
    static const std::vector<DatasetFormat> formats {
        tokenIdsFormat(),
        promptIdsFormat(),
        bestSampleFormat(),
        arenaBattlesFormat(),
        summarizeComparisonsFormat(),
        webgptComparisonsFormat(),
        redditAnswersFormat(),
        saferResponsesFormat(),
        pandalmFormat(),
        autojFormat(),
        llmbarFormat(),
        preferenceAnnotationsFormat(),
        llmComparatorFormat(),
        labelStudioFormat(),
        ratedCompletionsFormat(),
        rankedAnswersFormat(),
        correctsFormat(),
        targetScoresFormat(),
        targetsFormat(),
        sharegptPairsFormat(),
        wholeMessagesFormat(),
        messagesFormat(),
        rmBenchFormat(),
        instructionPairsFormat(),
        orcaPairsFormat(),
        argillaPairsFormat(),
        answerPairsFormat(),
        autotrainPairsFormat(),
        promptChosenRejectedFormat(),
        labelledCompletionsFormat(),
        labelledMessagesFormat(),
        labelledConversationsFormat(),
        promptCompletionFormat(),
        instructionCompletionFormat(),
        hhDialogueFormat(),
        implicitPromptFormat(),
        dialogueCompletionFormat(),
        conversationCompletionFormat(),
        plainTextFormat(),
        promptOnlyFormat(),
    };
    return formats;
}

} // namespace mpo
