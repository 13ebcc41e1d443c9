// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/model_card.h"

#include "core/hub/hub_cache.h"
#include "core/runs/disk_use.h"
#include "ui/charts/lineage_view.h"
#include "ui/format.h"
#include "ui/models/adapter_note.h"
#include "ui/style.h"

#include <QGridLayout>
#include <QHBoxLayout>
#include <QLabel>
#include <QScrollArea>
#include <QVBoxLayout>

#include <exception>

namespace mpo {

namespace {

constexpr int kFactsWidth = 33 * kSpace;

/// "2 runs (3 dpo, 5 ppo), 1 score set, 1 evaluation": what was made from the model.
QString usesOf(const Lineage& lineage)
{
    QStringList runs, scores, evaluations;
    for (const LineageEdge& edge : lineage.edges) {
        if (edge.from != lineage.focus)
            continue;
        const LineageNode& node = lineage.nodes[std::size_t(edge.to)];
        if (node.kind == LineageKind::Scores)
            scores << toQString(node.name);
        else if (node.kind == LineageKind::Evaluation)
            evaluations << toQString(node.name);
        else
            runs << ModelCard::tr("%1 in run %2, as its %3")
                        .arg(toQString(node.name))
                        .arg(node.run)
                        .arg(toQString(edge.role));
    }
    QStringList parts;
    if (!runs.isEmpty())
        parts << runs.join(QStringLiteral("; "));
    if (!scores.isEmpty())
        parts << ModelCard::tr("scores %1").arg(scores.join(QStringLiteral(", ")));
    if (!evaluations.isEmpty())
        parts << ModelCard::tr("evaluation %1").arg(evaluations.join(QStringLiteral(", ")));
    return parts.isEmpty() ? ModelCard::tr("Not used yet.")
                           : ModelCard::tr("Used for %1.").arg(parts.join(QStringLiteral("; ")));
}

} // namespace

ModelCard::ModelCard(Project& project, QWidget* parent)
    : QFrame(parent)
    , m_project(project)
    , m_name(makeHeading({}))
    , m_kind(makeHint({}))
    , m_folder(makeHint({}))
    , m_problem(new QLabel)
    , m_uses(makeHint({}))
    , m_scroll(new QScrollArea)
    , m_lineage(new LineageView)
    , m_buttons(new QHBoxLayout)
{
    setRole(this, "card");
    m_folder->setTextInteractionFlags(Qt::TextSelectableByMouse);
    m_folder->setWordWrap(false);
    m_folder->setMinimumWidth(1);
    m_kind->setWordWrap(false);
    m_uses->setObjectName(QStringLiteral("uses"));
    m_problem->setWordWrap(true);
    setRole(m_problem, "error");
    m_problem->hide();
    const QString titles[FactCount] {tr("On disk"), tr("Parameters"), tr("Layers"), tr("Hidden size"), tr("Vocabulary"),
        tr("Context"), tr("Made by"), tr("Created"), tr("Digest")};
    auto* facts = new QGridLayout;
    facts->setHorizontalSpacing(2 * kSpace);
    facts->setVerticalSpacing(kSpace / 2);
    for (int i = 0; i < FactCount; ++i) {
        auto* title = new QLabel(titles[i]);
        setRole(title, "hint");
        m_facts[i] = new QLabel;
        m_facts[i]->setTextInteractionFlags(Qt::TextSelectableByMouse);
        m_facts[i]->setAccessibleName(titles[i]);
        facts->addWidget(title, i, 0);
        facts->addWidget(m_facts[i], i, 1);
    }
    facts->setColumnStretch(1, 1);
    facts->setRowStretch(FactCount, 1);
    auto* factsWidget = new QWidget;
    factsWidget->setFixedWidth(kFactsWidth);
    factsWidget->setLayout(facts);
    facts->setContentsMargins(0, 0, 0, 0);
    auto* factsScroll = new QScrollArea;
    factsScroll->setWidget(factsWidget);
    factsScroll->setFixedWidth(kFactsWidth + 2 * kSpace);
    factsScroll->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    factsScroll->viewport()->setAutoFillBackground(false);
    factsWidget->setAutoFillBackground(false);
    m_scroll->setWidget(m_lineage);
    m_scroll->setWidgetResizable(true);
    m_scroll->viewport()->setAutoFillBackground(false);
    m_lineage->setAutoFillBackground(false);
    m_scroll->setMinimumHeight(12 * kSpace);

    auto* titlesLayout = new QVBoxLayout;
    titlesLayout->setSpacing(2);
    titlesLayout->addWidget(m_name);
    titlesLayout->addWidget(m_kind);
    m_buttons->setSpacing(kSpace);
    auto* head = new QHBoxLayout;
    head->setSpacing(2 * kSpace);
    head->addLayout(titlesLayout, 1);
    head->addLayout(m_buttons);
    auto* body = new QHBoxLayout;
    body->setSpacing(2 * kSpace);
    body->addWidget(factsScroll);
    body->addWidget(m_scroll, 1);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(2 * kSpace, kSpace + kSpace / 2, 2 * kSpace, kSpace + kSpace / 2);
    layout->setSpacing(kSpace);
    layout->addLayout(head);
    layout->addWidget(m_problem);
    layout->addLayout(body, 1);
    layout->addWidget(m_uses);
    layout->addWidget(m_folder);

    connect(m_lineage, &LineageView::chosen, this, &ModelCard::chosen);
    connect(this, &ModelCard::looked, this, &ModelCard::showFolder, Qt::QueuedConnection);
}

ModelCard::~ModelCard() = default;

void ModelCard::addButton(QWidget* button) { m_buttons->addWidget(button, 0, Qt::AlignTop); }

void ModelCard::showModel(const ModelRow& model, const std::filesystem::path& folder)
{
    m_name->setText(toQString(model.name));
    const bool reward = model.kind == "reward";
    const QString adapter = adapterNote(folder);
    m_kind->setText(
        tr("%1 · family %2").arg(reward ? tr("Reward model") : tr("Language model"), toQString(model.family))
        + (adapter.isEmpty() ? QString() : QStringLiteral(" · ") + adapter));
    const QString shown = QString::fromStdString(folder.string());
    m_folder->setText(formatFolder(shown));
    m_folder->setToolTip(shown);
    m_facts[Parameters]->setText(
        QStringLiteral("%1 (%2)").arg(formatLargeCount(double(model.parameters)), formatCount(model.parameters)));
    m_facts[MadeBy]->setText(model.run                          ? tr("run %1").arg(*model.run)
            : std::filesystem::path(model.folder).is_absolute() ? tr("lies elsewhere")
                                                                : tr("imported"));
    m_facts[Created]->setText(formatTime(model.created));
    m_facts[Digest]->setText(toQString(model.digest).left(16));
    m_facts[Digest]->setToolTip(toQString(model.digest));
    try {
        Lineage lineage = lineageOfModel(m_project, model.name);
        m_uses->setText(usesOf(lineage));
        m_lineage->setLineage(std::move(lineage));
    } catch (const std::exception& error) {
        m_uses->setText(toQString(error.what()));
    }
    if (shown == m_shown)
        return;
    m_shown = shown;
    m_problem->hide();
    for (const Fact fact : {Size, Layers, Hidden, Vocabulary, Context})
        m_facts[fact]->setText(QStringLiteral("…"));
    m_looking = std::jthread([this, folder, shown] {
        ModelSummary summary;
        QString problem;
        try {
            summary = summariseModel(folder.string());
        } catch (const std::exception& error) {
            problem = toQString(error.what());
        }
        std::error_code ignored;
        const bool isFile = std::filesystem::is_regular_file(folder, ignored);
        Q_EMIT looked(shown, summary,
            isFile ? std::uint64_t(std::filesystem::file_size(folder, ignored)) : diskUse(folder), problem);
    });
}

void ModelCard::showFolder(
    const QString& folder, const ModelSummary& summary, std::uint64_t bytes, const QString& problem)
{
    if (folder != m_shown)
        return; // of one that was chosen before
    m_problem->setText(problem);
    m_problem->setVisible(!problem.isEmpty());
    const auto number
        = [&](std::int64_t value) { return value > 0 && problem.isEmpty() ? formatCount(value) : QStringLiteral("–"); };
    m_facts[Size]->setText(bytes > 0 ? toQString(bytesText(bytes)) : QStringLiteral("–"));
    m_facts[Layers]->setText(number(summary.layers));
    m_facts[Hidden]->setText(number(summary.hidden));
    m_facts[Vocabulary]->setText(number(summary.vocabulary));
    m_facts[Context]->setText(summary.maxPositions > 0 && problem.isEmpty()
            ? tr("%1 tokens").arg(formatCount(summary.maxPositions))
            : QStringLiteral("–"));
}

} // namespace mpo
