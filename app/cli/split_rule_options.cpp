// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/split_rule_options.h"

#include "app/cli/arguments.h"
#include "core/engine/train_config.h"

#include <fmt/format.h>

#include <charconv>

namespace mpo::cli {

struct SplitRuleOptions::Values
{
    double gap = 0.0, confidence = 0.5, easyShare = 0.5, contradictory = 0.0;
    bool absolute = false;
    std::string action = "hard", edits;
};

SplitRuleOptions::SplitRuleOptions(CLI::App& command, bool required)
    : m_values(std::make_shared<Values>())
{
    auto* by = command.add_option_group("Threshold", required ? "One of" : "At most one of");
    m_gap = by->add_option("--gap", m_values->gap, "Easy: reward gap above X")
                ->type_name("X")
                ->always_capture_default(false);
    m_confidence
        = by->add_option("--confidence", m_values->confidence, "Easy: sigmoid(reward gap) above P")->type_name("P");
    m_share = by->add_option("--easy-share", m_values->easyShare, "Easy: this share of the pairs, the largest gaps")
                  ->type_name("Q");
    if (required)
        by->require_option(1);
    else
        by->require_option(0, 1);
    command.add_flag("--absolute", m_values->absolute, "Compare |reward gap|");
    m_contradictory
        = command.add_option("--contradictory", m_values->contradictory, "Pairs with a gap below -C are contradictory")
              ->type_name("C")
              ->check(plain(CLI::NonNegativeNumber));
    if (required)
        command.add_option("--contradictory-action", m_values->action, "What is done with them")
            ->check(plain(CLI::IsMember({"hard", "drop", "flip", "keep"})))
            ->type_name("hard|drop|flip|keep");
    m_edits = command
                  .add_option("--edits", m_values->edits,
                      "Flip and drop pairs as `mpo data edit` or the window did, all or up to entry N of the log")
                  ->expected(0, 1)
                  ->type_name("N")
                  ->always_capture_default(false);
}

SplitRule SplitRuleOptions::rule() const
{
    SplitRule rule {SplitRule::By::Gap, m_values->gap, m_values->absolute, {}, {}};
    for (const auto action : {ContradictoryAction::TreatAsHard, ContradictoryAction::Drop, ContradictoryAction::Flip,
             ContradictoryAction::Keep})
        if (m_values->action == contradictoryActionName(action))
            rule.action = action;
    if (m_confidence->count() > 0)
        rule.by = SplitRule::By::Confidence, rule.value = m_values->confidence;
    else if (m_share->count() > 0)
        rule.by = SplitRule::By::EasyShare, rule.value = m_values->easyShare;
    if (m_contradictory->count() > 0)
        rule.contradictory = m_values->contradictory;
    return rule;
}

std::int64_t SplitRuleOptions::edits() const
{
    if (m_edits->count() == 0)
        return 0;
    const std::string& text = m_values->edits;
    if (text.empty())
        return kLatestEdits;
    std::int64_t number = 0;
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (problem != std::errc() || end != text.data() + text.size() || number < 0)
        throw UsageError(
            fmt::format("--edits {}: give the number of an entry of `mpo data edits`, or none for all", text));
    return number;
}

} // namespace mpo::cli
