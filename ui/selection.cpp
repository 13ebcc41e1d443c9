// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/selection.h"

namespace mpo {

Selection::Selection(std::shared_ptr<Project> project, QObject* parent)
    : QObject(parent)
    , m_project(std::move(project))
{
}

void Selection::setDataset(const QString& name)
{
    if (m_dataset == name)
        return;
    m_dataset = name;
    Q_EMIT datasetChanged(name);
}

void Selection::setRun(qint64 run)
{
    if (m_run == run)
        return;
    m_run = run;
    Q_EMIT runChanged(run);
}

} // namespace mpo
