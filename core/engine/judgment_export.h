// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/engine/evaluation_report.h"

#include <filesystem>
#include <string>
#include <vector>

namespace mpo {

/// Layouts that the verdicts of a session are written in; the importer of data sets reads all of them.
enum class JudgmentFormat {
    /// A pair for each prompt that has a winner and is not flagged; confidence: share of the judges' points, where
    /// several judged.
    Trl,
    Arena, ///< a battle for each judgment, ties too, skipped ones not; with winner by criterion, strength and flag
    /// A row for each judgment as AlpacaEval has it (preference 1, 1.5 or 2), with judge, comment, time, flag, strength
    /// and preference_CRITERION.
    Csv,
};
/// "trl", "arena", "csv"; throws Error naming them.
JudgmentFormat judgmentFormatFromName(const std::string& name);
const std::vector<std::string>& judgmentFormatNames();

struct ExportedJudgments
{
    std::int64_t rows = 0;
    std::int64_t withoutWinner = 0; ///< Trl: prompts left out because nobody won
    std::int64_t flagged = 0; ///< Trl: prompts left out because somebody flagged them
};

/// Only ordinary items: repeats and gold items stay out. Trl takes .jsonl, .jsonl.gz and .csv, Arena .jsonl, Csv .csv.
/// `criterion`, of Trl: who is better by it instead of on the whole. Throws Error naming the file, or a criterion that
/// the session has not.
ExportedJudgments exportJudgments(const EvaluationContent& content, JudgmentFormat format,
    const std::filesystem::path& file, const std::string& criterion = {});

} // namespace mpo
