/* What the task says of itself: docs/abi.md of Sojourn explains each key. The labels are in the
 * order of the head's outputs. */
#define LABEL_A "statement"
#define LABEL_B "question"

static const char kManifest[] =
    "{\"name\": \"@NAME@\","
    " \"kind\": \"sequence classification\","
    " \"licence\": \"CC0-1.0\","
    " \"languages\": [\"de\", \"en\"],"
    " \"codes\": {},"
    " \"splits\": {"
    "  \"train\": {\"files\": {\"rows\": [\"@NAME@/train-{language}.tsv\"]}},"
    "  \"dev\": {\"files\": {\"rows\": [\"@NAME@/dev-{language}.tsv\"]}},"
    "  \"test\": {\"files\": {\"rows\": [\"@NAME@/test-{language}.tsv\"]}}},"
    " \"train_on\": [\"@NAME@\"],"
    " \"fields\": ["
    "  {\"name\": \"input_ids\", \"type\": \"int64\", \"dims\": [\"T\"], \"pad\": 0},"
    "  {\"name\": \"label\", \"type\": \"int64\", \"dims\": [], \"pad\": 0}],"
    " \"loss_items\": \"label\","
    " \"head\": {\"family\": \"sequence_classification\", \"labels\": [\"" LABEL_A "\", \"" LABEL_B
    "\"]},"
    " \"inputs\": [\"hidden\", \"label\"],"
    " \"outputs\": [{\"name\": \"logits\", \"dims\": [\"L\"]}],"
    " \"ops\": [\"core1::select\", \"core1::dropout\", \"core1::linear\", \"core1::tanh\","
    "  \"core1::cross_entropy\"],"
    " \"statistics\": [\"correct\", \"total\"],"
    " \"metrics\": [{\"name\": \"accuracy\", \"profile\": \"accuracy\","
    "  \"ratio\": [\"correct\", \"total\"], \"primary\": true}]}";
