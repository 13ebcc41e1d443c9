// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/runs/lineage.h"

#include "core/support/error.h"

#include <algorithm>
#include <limits>
#include <map>
#include <optional>
#include <utility>

namespace mpo {

namespace {

constexpr std::size_t kMostNodes = 60; ///< more is no small graph any more
constexpr std::int64_t kNewest = std::numeric_limits<std::int64_t>::max();

std::string textOf(const Json& config, const char* key)
{
    const auto found = config.find(key);
    return found != config.end() && found->is_string() ? found->get<std::string>() : std::string();
}

class Builder
{
public:
    explicit Builder(const Project& project)
        : m_datasets(project.datasets())
        , m_models(project.models())
        , m_scoreSets(project.scoreSets())
        , m_splits(project.splits())
        , m_evaluations(project.evaluations())
    {
        for (RunRow& run : project.runs())
            m_runs.emplace(run.id, std::move(run));
    }

    Lineage ofRun(std::int64_t id)
    {
        const auto found = m_runs.find(id);
        if (found == m_runs.end())
            fail("There is no run {}", id);
        const auto made
            = std::find_if(m_models.begin(), m_models.end(), [&](const ModelRow& m) { return m.run == id; });
        m_lineage.focus
            = made != m_models.end() ? model(made->name, kNewest) : node(LineageKind::Run, found->second.name);
        if (made == m_models.end()) {
            at(m_lineage.focus).run = id;
            at(m_lineage.focus).stage = found->second.stage;
            inputsOf(found->second, m_lineage.focus);
        }
        return finish();
    }

    Lineage ofModel(const std::string& name)
    {
        m_lineage.focus = model(name, kNewest);
        return finish();
    }

private:
    LineageNode& at(int place) { return m_lineage.nodes[std::size_t(place)]; }

    int node(LineageKind kind, const std::string& name)
    {
        LineageNode made;
        made.kind = kind;
        made.name = name;
        m_lineage.nodes.push_back(made);
        return int(m_lineage.nodes.size()) - 1;
    }

    void edge(int from, int to, const std::string& role)
    {
        if (from >= 0 && from != to)
            m_lineage.edges.push_back({from, to, role});
    }

    /// -1: the graph is full. `isNew`: nothing is known yet of what it was made from.
    std::pair<int, bool> known(LineageKind kind, const std::string& key)
    {
        if (const auto found = m_places.find({kind, key}); found != m_places.end())
            return {found->second, false};
        if (m_lineage.nodes.size() >= kMostNodes)
            return {-1, false};
        return {m_places[{kind, key}] = node(kind, key), true};
    }

    int data(const std::string& name)
    {
        const auto [place, isNew] = known(LineageKind::Data, name);
        if (isNew)
            at(place).present = std::any_of(
                m_datasets.begin(), m_datasets.end(), [&](const DatasetRow& row) { return row.name == name; });
        return place;
    }

    /// A model as a run saw it that began as number `before`: one of that name made later is another one.
    int model(const std::string& name, std::int64_t before)
    {
        const auto row
            = std::find_if(m_models.begin(), m_models.end(), [&](const ModelRow& m) { return m.name == name; });
        const bool present = row != m_models.end() && (!row->run || *row->run < before);
        const bool reward = present && row->kind == "reward";
        const std::string key = present ? name : name + '\n'; // the former bearer of the name is a node of its own
        const auto [place, isNew] = known(reward ? LineageKind::RewardModel : LineageKind::Model, key);
        if (!isNew)
            return place;
        at(place).name = name;
        at(place).present = present;
        if (present && row->run) {
            at(place).run = *row->run;
            if (const auto run = m_runs.find(*row->run); run != m_runs.end()) {
                at(place).stage = run->second.stage;
                inputsOf(run->second, place);
                return place;
            }
        }
        if (present && row->parent)
            edge(model(*row->parent, row->run.value_or(before)), place, "model");
        return place;
    }

    int scores(const std::string& name)
    {
        const auto [place, isNew] = known(LineageKind::Scores, name);
        if (!isNew)
            return place;
        const auto row = std::find_if(
            m_scoreSets.begin(), m_scoreSets.end(), [&](const ScoreSetRow& s) { return s.name == name; });
        at(place).present = row != m_scoreSets.end();
        if (row == m_scoreSets.end())
            return place;
        edge(data(row->dataset), place, "data");
        // "2-fold" names no model.
        if (std::any_of(
                m_models.begin(), m_models.end(), [&](const ModelRow& m) { return m.name == row->rewardModel; }))
            edge(model(row->rewardModel, kNewest), place, "reward model");
        return place;
    }

    int split(const std::string& name)
    {
        const auto [place, isNew] = known(LineageKind::Split, name);
        if (!isNew)
            return place;
        const auto row
            = std::find_if(m_splits.begin(), m_splits.end(), [&](const SplitRow& s) { return s.name == name; });
        at(place).present = row != m_splits.end();
        if (row != m_splits.end())
            edge(scores(row->scoreSet), place, "scores");
        return place;
    }

    void inputsOf(const RunRow& run, int place)
    {
        const Json& config = run.config;
        const auto addModel = [&](const char* key, const char* role) {
            if (const std::string name = textOf(config, key); !name.empty())
                edge(model(name, run.id), place, role);
        };
        addModel("model", "model");
        addModel("reward_model", "reward model");
        if (textOf(config, "reference") != textOf(config, "model"))
            addModel("reference", "reference");
        if (textOf(config, "sft_model") != textOf(config, "model"))
            addModel("sft_model", "SFT model");
        addModel("adapter", "adapter");
        const std::string splitName = textOf(config, "split");
        if (!splitName.empty())
            edge(split(splitName), place,
                textOf(config, "bucket").empty() ? "split" : textOf(config, "bucket") + " pairs");
        // The data of a split come with its scores.
        if (const std::string name = textOf(config, "data"); !name.empty() && splitName.empty())
            edge(data(name), place, "data");
    }

    /// What was made from the focus directly.
    void uses()
    {
        const LineageNode focus = at(m_lineage.focus);
        if (!focus.present || focus.kind == LineageKind::Run)
            return;
        const auto isRoom = [&] { return m_lineage.nodes.size() < kMostNodes; };
        for (const auto& [id, run] : m_runs) {
            if (id <= focus.run || !isRoom())
                continue;
            std::string role;
            for (const char* key : {"model", "reward_model", "reference", "sft_model", "adapter"})
                if (textOf(run.config, key) == focus.name && role.empty())
                    role = std::string_view(key) == "reward_model" ? "reward model" : key;
            if (role.empty())
                continue;
            const auto made
                = std::find_if(m_models.begin(), m_models.end(), [&](const ModelRow& m) { return m.run == id; });
            int place = -1;
            if (made != m_models.end()) {
                const auto [at, isNew]
                    = known(made->kind == "reward" ? LineageKind::RewardModel : LineageKind::Model, made->name);
                if (at < 0 || !isNew)
                    continue;
                place = at;
            } else {
                place = node(LineageKind::Run, run.name);
            }
            at(place).run = id;
            at(place).stage = run.stage;
            edge(m_lineage.focus, place, role);
        }
        for (const ScoreSetRow& row : m_scoreSets)
            if (row.rewardModel == focus.name && isRoom())
                if (const auto [place, isNew] = known(LineageKind::Scores, row.name); isNew)
                    edge(m_lineage.focus, place, "reward model");
        for (const EvaluationRow& row : m_evaluations)
            // What an open session compares is not to be known before it is closed.
            if (row.closed && (row.sourceA == focus.name || row.sourceB == focus.name) && isRoom())
                edge(m_lineage.focus, node(LineageKind::Evaluation, row.name), "compared");
    }

    Lineage finish()
    {
        uses();
        // Edges run from older to newer things, so that this ends; the bound is for a project that was tampered with.
        bool moved = true;
        for (std::size_t round = 0; moved && round <= m_lineage.nodes.size(); ++round) {
            moved = false;
            for (const LineageEdge& edge : m_lineage.edges)
                if (at(edge.to).column <= at(edge.from).column && at(edge.from).column < int(m_lineage.nodes.size())) {
                    at(edge.to).column = at(edge.from).column + 1;
                    moved = true;
                }
        }
        return std::move(m_lineage);
    }

    std::vector<DatasetRow> m_datasets;
    std::vector<ModelRow> m_models;
    std::vector<ScoreSetRow> m_scoreSets;
    std::vector<SplitRow> m_splits;
    std::vector<EvaluationRow> m_evaluations;
    std::map<std::int64_t, RunRow> m_runs;
    std::map<std::pair<LineageKind, std::string>, int> m_places;
    Lineage m_lineage;
};

} // namespace

Lineage lineageOfRun(const Project& project, std::int64_t run) { return Builder(project).ofRun(run); }

Lineage lineageOfModel(const Project& project, const std::string& name) { return Builder(project).ofModel(name); }

std::string_view lineageKindName(LineageKind kind)
{
    switch (kind) {
    case LineageKind::Data:
        return "data";
    case LineageKind::Scores:
        return "scores";
    case LineageKind::Split:
        return "split";
    case LineageKind::Model:
        return "model";
    case LineageKind::RewardModel:
        return "reward model";
    case LineageKind::Run:
        return "run";
    case LineageKind::Evaluation:
        return "evaluation";
    }
    return "";
}

} // namespace mpo
