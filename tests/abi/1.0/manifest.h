/* What the task says of itself: docs/abi.md of Sojourn explains each key. The labels are in the
 * order of the head's outputs. */
#define LABEL_A "statement"
#define LABEL_B "question"

static const char kManifest[] =
    "{\"name\": \"abi_1_0\","
    " \"kind\": \"sequence classification\","
    " \"licence\": \"CC0-1.0\","
    " \"languages\": [\"de\", \"en\"],"
    " \"codes\": {},"
    " \"splits\": {"
    "  \"train\": {\"files\": {\"rows\": [\"abi_1_0/train-{language}.tsv\"]}},"
    "  \"dev\": {\"files\": {\"rows\": [\"abi_1_0/dev-{language}.tsv\"]}},"
    "  \"test\": {\"files\": {\"rows\": [\"abi_1_0/test-{language}.tsv\"]}}},"
    " \"train_on\": [\"abi_1_0\"],"
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
