// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/data/formats/dataset_format.h"

namespace mpo {

/// UltraFeedback as it was published: {"instruction", "completions": [{"response", "overall_score"}]}. The best against
/// the worst, with the difference of their scores as margin. Where "overall_score" is missing, the mean of the ratings
/// counts. Provenance: openbmb/UltraFeedback, README.
DatasetFormat ratedCompletionsFormat();

} // namespace mpo
