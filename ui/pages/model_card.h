// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/engine/catalogue.h"
#include "core/runs/lineage.h"
#include "core/store/project.h"

#include <QFrame>

#include <filesystem>
#include <thread>

class QHBoxLayout;
class QLabel;
class QScrollArea;

namespace mpo {

class LineageView;

/// What a model is, where it came from and where it is used. Its folder is looked into away from the UI thread.
class ModelCard : public QFrame
{
    Q_OBJECT
public:
    explicit ModelCard(Project& project, QWidget* parent = nullptr);
    ~ModelCard() override;

    void showModel(const ModelRow& model, const std::filesystem::path& folder);
    void addButton(QWidget* button); ///< at its right upper corner

Q_SIGNALS:
    void chosen(const mpo::LineageNode& node); ///< in the lineage
    void looked(const QString& folder, const mpo::ModelSummary& summary, std::uint64_t bytes, const QString& problem);

private:
    enum Fact { Size, Parameters, Layers, Hidden, Vocabulary, Context, MadeBy, Created, Digest, FactCount };
    void showFolder(const QString& folder, const ModelSummary& summary, std::uint64_t bytes, const QString& problem);

    Project& m_project;
    QLabel* m_name = nullptr;
    QLabel* m_kind = nullptr;
    QLabel* m_folder = nullptr;
    QLabel* m_problem = nullptr;
    QLabel* m_uses = nullptr;
    QLabel* m_facts[FactCount] {};
    QScrollArea* m_scroll = nullptr;
    LineageView* m_lineage = nullptr;
    QHBoxLayout* m_buttons = nullptr;
    QString m_shown; ///< folder
    std::jthread m_looking;
};

} // namespace mpo
