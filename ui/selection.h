// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QObject>
#include <QString>

#include <memory>

namespace mpo {

class Project;

/// What the user is looking at, shared by all pages: one project for the life of the window, a data set, a run. Empty
/// or 0: none.
class Selection : public QObject
{
    Q_OBJECT
public:
    explicit Selection(std::shared_ptr<Project> project, QObject* parent = nullptr);

    Project& project() const { return *m_project; }
    QString dataset() const { return m_dataset; }
    qint64 run() const { return m_run; }

    void setDataset(const QString& name);
    void setRun(qint64 run);

Q_SIGNALS:
    void datasetChanged(const QString& name);
    void runChanged(qint64 run);

private:
    std::shared_ptr<Project> m_project;
    QString m_dataset;
    qint64 m_run = 0;
};

} // namespace mpo
