// Masked language modelling on plain text: a paragraph a line, a file for each language. The
// languages are the hundred of XLM-R, named as in CC-100 except that zh is zh-Hans, and Yoruba,
// which XTREME has too.
#include <sojourn/masked_language_model.h>
#include <sojourn/plugin.h>

#include <vector>

namespace {

namespace sdk = sojourn::sdk;

struct Mlm {
  static sdk::Description description() {
    sdk::Description task;
    task.name = "mlm";
    task.licence = "that of the text";
    // ISO 639-3, the macrolanguages as Tatoeba's files spell them.
    task.codes = {
        {"af", "afr"}, {"am", "amh"}, {"ar", "ara"}, {"as", "asm"}, {"az", "aze"}, {"be", "bel"},
        {"bg", "bul"}, {"bn", "ben"}, {"br", "bre"}, {"bs", "bos"}, {"ca", "cat"}, {"cs", "ces"},
        {"cy", "cym"}, {"da", "dan"}, {"de", "deu"}, {"el", "ell"}, {"en", "eng"}, {"eo", "epo"},
        {"es", "spa"}, {"et", "est"}, {"eu", "eus"}, {"fa", "pes"}, {"fi", "fin"}, {"fr", "fra"},
        {"fy", "fry"}, {"ga", "gle"}, {"gd", "gla"}, {"gl", "glg"}, {"gu", "guj"}, {"ha", "hau"},
        {"he", "heb"}, {"hi", "hin"}, {"hr", "hrv"}, {"hu", "hun"}, {"hy", "hye"}, {"id", "ind"},
        {"is", "isl"}, {"it", "ita"}, {"ja", "jpn"}, {"jv", "jav"}, {"ka", "kat"}, {"kk", "kaz"},
        {"km", "khm"}, {"kn", "kan"}, {"ko", "kor"}, {"ku", "kur"}, {"ky", "kir"}, {"la", "lat"},
        {"lo", "lao"}, {"lt", "lit"}, {"lv", "lvs"}, {"mg", "mlg"}, {"mk", "mkd"}, {"ml", "mal"},
        {"mn", "mon"}, {"mr", "mar"}, {"ms", "zsm"}, {"my", "mya"}, {"ne", "nep"}, {"nl", "nld"},
        {"no", "nob"}, {"om", "orm"}, {"or", "ori"}, {"pa", "pan"}, {"pl", "pol"}, {"ps", "pus"},
        {"pt", "por"}, {"ro", "ron"}, {"ru", "rus"}, {"sa", "san"}, {"sd", "snd"}, {"si", "sin"},
        {"sk", "slk"}, {"sl", "slv"}, {"so", "som"}, {"sq", "sqi"}, {"sr", "srp"}, {"su", "sun"},
        {"sv", "swe"}, {"sw", "swh"}, {"ta", "tam"}, {"te", "tel"}, {"th", "tha"}, {"tl", "tgl"},
        {"tr", "tur"}, {"ug", "uig"}, {"uk", "ukr"}, {"ur", "urd"}, {"uz", "uzb"}, {"vi", "vie"},
        {"xh", "xho"}, {"yi", "yid"}, {"yo", "yor"}, {"zh", "cmn"}};
    for (const auto& entry : task.codes) task.languages.push_back(entry.first);
    // In another script or encoding.
    for (const char* variant :
         {"bn_rom", "hi_rom", "my_zaw", "ta_rom", "te_rom", "ur_rom", "zh-Hant"})
      task.languages.emplace_back(variant);
    task.splits["train"]["text"] = {"mlm/train-{language}.txt", "mlm/{language}.txt"};
    return task;
  }

  static std::vector<sdk::Paragraph> read(const sdk::OpenCall& call) {
    return sdk::read_paragraphs(call.file("text"));
  }
};

}  // namespace

SOJOURN_PLUGIN("mlm", "0.1.0", "Apache-2.0", sojourn::sdk::MaskedLanguageModel<Mlm>)
