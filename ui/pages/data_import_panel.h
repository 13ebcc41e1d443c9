// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/data/dataset_importer.h"
#include "core/engine/command.h"

#include <QWidget>

#include <vector>

class QComboBox;
class QLabel;
class QPushButton;

namespace mpo {

class PairView;

/// What an import of a file would do, before it is done: the format that was found, which column each of our fields is
/// read from, and the first pairs as they would come in. Format and columns can be changed.
class DataImportPanel : public QWidget
{
    Q_OBJECT
public:
    explicit DataImportPanel(QWidget* parent = nullptr);

    void open(const QString& fileOrFolder); ///< throws Error when it cannot be read

Q_SIGNALS:
    void accepted(const mpo::ImportDataset& command);
    void cancelled();

private:
    struct FieldRow
    {
        const char* field;
        QLabel* title;
        QComboBox* column;
    };

    ImportOptions options() const;
    ImportPreview read() const; ///< the first records
    void look(); ///< reads and shows them again
    void showPreview(const ImportPreview& preview);
    void fillColumns(const ImportPreview& preview);
    void showPair();

    QString m_file;
    std::vector<DataSource> m_sources;
    ImportPreview m_preview;
    std::size_t m_shown = 0; ///< pair of the preview
    QLabel* m_title = nullptr;
    QLabel* m_found = nullptr;
    QLabel* m_splitTitle = nullptr;
    QComboBox* m_split = nullptr;
    QComboBox* m_format = nullptr;
    std::vector<FieldRow> m_fields;
    QLabel* m_problem = nullptr;
    PairView* m_view = nullptr;
    QLabel* m_place = nullptr;
    QPushButton* m_previous = nullptr;
    QPushButton* m_next = nullptr;
    QPushButton* m_import = nullptr;
};

} // namespace mpo
